import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest'
import { fault } from './harness/case.ts'
import { FOREVER, job } from './harness/jobs.ts'
import { NomadCluster } from './harness/nomad.ts'
import { Scene } from './harness/scene.ts'
import { station } from './harness/station.ts'
import { until } from './harness/until.ts'
import { number, rows, text } from './harness/value.ts'

const scene = new Scene()
let nomad: NomadCluster
let mark = 0

beforeAll(async () => {
  nomad = await NomadCluster.start(scene.folder, scene.authority, { buffers: [5, 5, 100_000], clients: 2 })
  scene.ends(() => nomad.stop())
  mark = scene.mark()
}, 120_000)
afterEach(() => scene.endSince(mark), 60_000)
afterAll(() => scene.end())

const ODD = ['a/b', 'star*[x]?', 'größe-日本', 'per%cent', 'dot.dash-_', 'a@ns', "quote'\""] as const

describe('objects of Nomad end in ways that the stream does not tell', () => {
  // Oracle: the list of nodes. Fails when the audit is left out: the stream says nothing of a purge.
  fault(18, 'finds by audit that a node was purged', { runs: 'default', within: 120 }, async () => {
    const here = await station(scene, { nomad, more: { timing: { audit: '2s' } } })
    await here.sidecar.start().ready()
    const doomed = rows(await nomad.get('/v1/nodes')).find(({ Name }) => Name === 'c2')
    await nomad.client(1).kill()
    await here.fact('nomad/node', 'down', { node_id: text(doomed, 'ID') }, 40_000)
    await nomad.post(`/v1/node/${text(doomed, 'ID')}/purge`)
    const removed = await here.fact('nomad/node', 'removed', { node_id: text(doomed, 'ID') }, 15_000)
    expect(removed.origin).toBe('audit')
    expect(here.facts('nomad/node', 'removed').length).toBe(1)
    nomad.client(1).start()
    await until('the client is back', async () => rows(await nomad.get('/v1/nodes')).filter(({ Status }) => Status === 'ready').length === 2, 40_000)
  })

  // Oracle: the allocations before the purge. Fails when only the job's end is told: the purge deletes its allocations in the same step.
  fault(19, 'tells the ends of allocations whose running job was purged', { runs: 'default', within: 60 }, async () => {
    const here = await station(scene, { nomad, more: { timing: { audit: '2s' } } })
    await here.sidecar.start().ready()
    await nomad.run(job('purged', { script: FOREVER, count: 2 }))
    await until('both run', () => here.facts('nomad/alloc', 'started', { job: 'purged' }).length === 2)
    const ids = (await nomad.allocations('purged')).map((one) => text(one, 'ID')).sort()
    await nomad.delete('/v1/job/purged?purge=true')
    await here.fact('nomad/job', 'purged', { job: 'purged' })
    await until('both ends are told', () => here.facts('nomad/alloc', 'stopped', { job: 'purged' }).length === 2)
    const ends = here.facts('nomad/alloc', 'stopped', { job: 'purged' })
    expect(ends.map(({ subject }) => String(subject['alloc'])).sort()).toEqual(ids)
    for (const { verdict } of ends) expect(verdict['confidence']).toBe('inferred')
  })

  // Oracle: Nomad's own `Restarts`. Fails when frames are counted: batching hides most of them.
  fault(20, 'counts restarts as Nomad does when a task exits faster than batching', { runs: 'default', within: 90 }, async () => {
    const here = await station(scene, { nomad })
    await here.sidecar.start().ready()
    const attempts = 30
    await nomad.run(job('loop', { script: 'sleep 0.05; exit 1', type: 'batch', restarts: attempts, delay: 1 }))
    const failed = await here.fact('nomad/alloc', 'failed', { job: 'loop' }, 60_000)
    const allocation = await nomad.get(`/v1/allocation/${text(failed.subject, 'alloc')}`)
    const restarts = number(allocation, 'TaskStates', 'task', 'Restarts')
    expect(restarts).toBe(attempts)
    const told = here.facts('nomad/alloc', 'restarted', { job: 'loop' })
    expect(told.reduce((sum, { coalesced }) => sum + 1 + coalesced, 0)).toBe(restarts)
    if (told.length < restarts) expect(told.some(({ coalesced }) => coalesced > 0)).toBe(true)
  })

  // Oracle: Nomad's lists of allocations. Fails when memory or delay grows with the burst, or one of 1,000 in a frame is lost.
  fault(21, 'tells every one of 1,000 allocations that are lost and placed again', { runs: 'all', within: 400 }, async () => {
    const here = await station(scene, { nomad })
    await here.sidecar.start().ready()
    const resident = (): Promise<number> => here.sidecar.metric('process_resident_memory_bytes')
    const before = await resident()
    const [first, second] = ['c1', 'c2']
    const nodes = new Map(rows(await nomad.get('/v1/nodes')).filter(({ Status }) => Status === 'ready').map((node) => [text(node, 'Name'), text(node, 'ID')]))
    const eligible = (name: string, to: string): Promise<unknown> => nomad.put(`/v1/node/${nodes.get(name) ?? ''}/eligibility`, { Eligibility: to })
    await eligible(second, 'ineligible')
    // A stopped client never starts what is placed on it: 1,000 real allocations without 1,000 processes.
    scene.ends(() => [nomad.client(0), nomad.client(1)].forEach((client) => client.signal('SIGCONT')))
    scene.ends(async () => void (await nomad.delete('/v1/job/mass?purge=true')))
    nomad.client(0).signal('SIGSTOP')
    await nomad.run(job('mass', { script: FOREVER, groups: 100, count: 10, isRescheduled: true }))
    await until('1,000 are placed', async () => (await nomad.allocations('mass')).length === 1_000, 60_000, 500)
    await here.fact('nomad/node', 'down', { node_id: nodes.get(first) ?? '' }, 60_000)
    // Nomad may plan for longer than a stopped client counts as ready, so this one is stopped only when they are placed.
    await eligible(second, 'eligible')
    const list = await until('1,000 are placed again', async () => {
      const all = await nomad.allocations('mass')
      return all.length >= 2_000 ? all : undefined
    }, 120_000, 100)
    nomad.client(1).signal('SIGSTOP')
    await until('all are told', () => here.facts('nomad/alloc', 'lost', { job: 'mass' }).length >= 1_000, 60_000)
    await until('every placement is told', () => {
      const told = new Set(here.facts('nomad/alloc').filter(({ verb }) => verb === 'placed' || verb === 'rescheduled').map(({ subject }) => String(subject['alloc'])))
      const missing = list.filter((one) => !told.has(text(one, 'ID')))
      if (missing.length > 0) throw new Error(`${missing.length} are not`)
      return true
    }, 60_000)
    expect((await resident()) - before).toBeLessThan(128 * 1024 * 1024)
  })

  // Oracle: the identifier itself, read back out of the tag. Fails when a segment keeps `/`, `*`, `?`, `[` or bytes that do not decode.
  fault(43, 'escapes odd identifiers in tags so that they can be read back', { runs: 'default', within: 90 }, async () => {
    const here = await station(scene, { nomad })
    await here.sidecar.start().ready()
    const taken: string[] = []
    for (const id of ODD) if ((await nomad.call('POST', '/v1/jobs', { Job: job(id, { script: FOREVER }) })).status === 200) taken.push(id)
    expect(taken.length).toBeGreaterThan(3)
    for (const id of taken) {
      const { tag } = await here.fact('nomad/job', 'registered', { job: id })
      const segments = tag.split('/')
      expect(segments.slice(0, 4)).toEqual(['eos', 'nomad', 'job', 'registered'])
      expect(segments.length).toBe(5)
      expect(segments[4]).toMatch(/^(?:[A-Za-z0-9_.-]|%[0-9A-F]{2})+$/)
      expect(decodeURIComponent(segments[4] ?? '')).toBe(id)
    }
    await nomad.run({ ...job('parent', { script: 'true', type: 'batch' }), ParameterizedJob: { Payload: 'optional' } })
    const child = text(await nomad.put('/v1/job/parent/dispatch', {}), 'DispatchedJobID')
    const { tag } = await here.fact('nomad/alloc', 'placed', { job: child })
    expect(decodeURIComponent(tag.split('/')[4] ?? '')).toBe(child)
  })
})
