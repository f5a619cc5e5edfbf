import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest'
import { fault, isAll } from './harness/case.ts'
import { FOREVER, job } from './harness/jobs.ts'
import { NomadCluster } from './harness/nomad.ts'
import { Oracle, type AllocationStory } from './harness/oracle.ts'
import { Scene } from './harness/scene.ts'
import { station, type Station } from './harness/station.ts'
import { until } from './harness/until.ts'
import { disorder, doubled, gaps, missing } from './harness/verdict.ts'

const scene = new Scene()
let nomad: NomadCluster
let oracle: Oracle
let mark = 0

beforeAll(async () => {
  nomad = await NomadCluster.start(scene.folder, scene.authority, { buffers: [5, 5, 100_000], clients: 2 })
  scene.ends(() => nomad.stop())
  oracle = await new Oracle(nomad, nomad.server(2)).start()
  scene.ends(() => oracle.stop())
  mark = scene.mark()
}, 120_000)
afterEach(() => scene.endSince(mark))
afterAll(() => scene.end())

/** What the oracle saw of jobs whose name begins so. */
function stories(prefix: string): ReadonlyMap<string, AllocationStory> {
  return new Map([...oracle.allocations()].filter(([, story]) => story.job.startsWith(prefix)))
}

/** Waits until nothing is missing, then holds the rest of the oracle's claims. */
async function complete(here: Station, prefix: string, within = 30_000): Promise<void> {
  await oracle.caughtUp(nomad)
  expect(stories(prefix).size).toBeGreaterThan(0)
  await until(`every fact of ${prefix} has come`, () => {
    const lost = missing(stories(prefix), here.receiver.kept)
    if (lost.length > 0) throw new Error(`${lost.length} facts missing: ${lost.slice(0, 5).join('; ')}`)
    return true
  }, within)
  expect(here.receiver.violations).toEqual([])
  expect(doubled(here.receiver.kept)).toEqual([])
  expect(disorder(here.receiver.kept)).toEqual([])
  expect(gaps(here.receiver.kept)).toEqual([])
}

describe('the sidecar is down for a while', () => {
  // Oracle: an undisturbed server's stream. Fails when a cursor is committed before its facts, or a semantic id holds our clock or the seq.
  fault(1, 'loses nothing when killed at random instructions', { runs: 'default', within: 900 }, async () => {
    const here = await station(scene, { nomad })
    // What is there when a journal is new is where it begins, and no news.
    await here.sidecar.start().ready()
    await here.sidecar.kill()
    const runs = isAll() ? 200 : 15
    for (let run = 0; run < runs; run += 1) {
      here.sidecar.start()
      await nomad.run(job(`kill-${run}`, { script: run % 3 === 0 ? 'exit 3' : 'sleep 0.2', type: 'batch' }))
      await pause(150 + Math.random() * 850)
      await here.sidecar.kill()
    }
    here.sidecar.start()
    await complete(here, 'kill-', 60_000)
  })

  // Oracle: the kill's facts by list. Fails when a restart always resyncs, or when the cursor frame is not recognised in the replay.
  fault(2, 'continues without a resync while the buffer holds its cursor', { runs: 'default', within: 60 }, async () => {
    const here = await station(scene, { nomad })
    await here.sidecar.start().ready()
    await nomad.run(job('short', { script: FOREVER }))
    await here.fact('nomad/alloc', 'started', { job: 'short' })
    await here.sidecar.end()
    await pause(2_000)
    here.sidecar.start()
    await nomad.run(job('short-after', { script: FOREVER }))
    await here.fact('nomad/alloc', 'started', { job: 'short-after' })
    await complete(here, 'short')
    expect(here.facts('bridge', 'gap')).toEqual([])
    expect(here.receiver.kept.filter(({ origin }) => origin === 'resync').map(({ tag }) => tag)).toEqual([])
  })

  // Oracle: the stream of a server that remembers all. Fails when a replay from a later index than the cursor is taken for continuous.
  fault(3, 'finds a gap after 50 jobs and makes it good from the lists', { runs: 'default', within: 120 }, async () => {
    const here = await station(scene, { nomad })
    await here.sidecar.start().ready()
    await here.sidecar.end()
    for (let number = 0; number < 50; number += 1) await nomad.run(job(`burst-${number}`, { script: number % 5 === 0 ? 'exit 1' : 'true', type: 'batch' }))
    await until('the burst is over', () => {
      const all = [...stories('burst-').values()]
      return all.length === 50 && all.every(({ statuses }) => ['complete', 'failed'].includes(statuses.at(-1) ?? ''))
    }, 60_000)
    here.sidecar.start()
    const gap = await here.fact('bridge', 'gap')
    expect(Number(gap.change['to'])).toBeGreaterThan(Number(gap.change['from']))
    await complete(here, 'burst-')
    expect(here.facts('nomad/alloc', 'failed').filter(({ origin }) => origin === 'resync').length).toBe(10)
  })

  // Oracle: what the same deeds are told as while the sidecar reads. Fails when a resync tells the last of several changes as the only one, or under other ids.
  fault(3, 'tells every change of a job that was changed several times in a gap', { runs: 'default', within: 120 }, async () => {
    const here = await station(scene, { nomad })
    await here.sidecar.start().ready()
    const deeds = async (id: string): Promise<void> => {
      await nomad.run(job(id, { script: 'true', type: 'batch' }))
      await nomad.run(job(id, { script: 'true # again', type: 'batch' }))
      await nomad.run(job(id, { script: 'true # again', type: 'batch', count: 2 }))
      await nomad.delete(`/v1/job/${id}`)
    }
    const told = (id: string): string[] => here.facts('nomad/job', undefined, { job: id }).map(({ verb, verdict, change }) => `${verb} ${String(verdict['cause'])} ${String(change['from'])} -> ${String(change['to'])}`)
    await deeds('seen')
    await here.fact('nomad/job', 'stopped', { job: 'seen' })
    const wanted = told('seen')
    expect(wanted.map((one) => one.split(' ')[0])).toEqual(['registered', 'updated', 'scaled', 'stopped'])
    await here.sidecar.end()
    await deeds('unseen-changes')
    for (let number = 0; number < 10; number += 1) await nomad.run(job(`filler-${number}`, { script: 'true', type: 'batch' }))
    here.sidecar.start()
    await here.fact('bridge', 'gap')
    await here.fact('nomad/job', 'stopped', { job: 'unseen-changes' })
    expect(told('unseen-changes')).toEqual(wanted)
    for (const { id, change } of here.facts('nomad/job', undefined, { job: 'unseen-changes' })) expect(id).toContain(`:${String(change['index'])}`)
    expect(doubled(here.receiver.kept)).toEqual([])
    await complete(here, 'filler-')
  })

  // Oracle: the lists after the collection. Fails when a resync that cannot see what was collected stays silent about it.
  fault(4, 'says which window it cannot recover after a collection', { runs: 'default', within: 90 }, async () => {
    const here = await station(scene, { nomad })
    await here.sidecar.start().ready()
    await nomad.run(job('collected', { script: FOREVER }))
    await here.fact('nomad/alloc', 'started', { job: 'collected' })
    await here.sidecar.end()
    await nomad.run(job('unseen', { script: 'exit 1', type: 'batch' }))
    await until('the unseen job failed', () => [...stories('unseen').values()].some(({ statuses }) => statuses.at(-1) === 'failed'))
    await nomad.delete('/v1/job/collected')
    await nomad.delete('/v1/job/unseen')
    await until('everything terminal is collected', async () => {
      await nomad.put('/v1/system/gc')
      return (await nomad.call('GET', '/v1/job/collected')).status === 404 && (await nomad.call('GET', '/v1/job/unseen')).status === 404
    }, 30_000, 500)
    here.sidecar.start()
    const lost = await here.fact('bridge', 'gap_unrecoverable')
    expect(Number(lost.change['to'])).toBeGreaterThan(Number(lost.change['from']))
    await nomad.run(job('collected-after', { script: FOREVER }))
    await here.fact('nomad/alloc', 'started', { job: 'collected-after' })
  })
})
