import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest'
import { fault } from './harness/case.ts'
import { brief } from './harness/envelope.ts'
import { FOREVER, job } from './harness/jobs.ts'
import { NomadCluster } from './harness/nomad.ts'
import { Scene } from './harness/scene.ts'
import { station, type Station } from './harness/station.ts'
import { until } from './harness/until.ts'
import { doubled } from './harness/verdict.ts'

const scene = new Scene()
let nomad: NomadCluster
let mark = 0

beforeAll(async () => {
  nomad = await NomadCluster.start(scene.folder, scene.authority, { buffers: [5, 5, 5], clients: 2 })
  scene.ends(() => nomad.stop())
  mark = scene.mark()
}, 120_000)
afterEach(() => scene.endSince(mark))
afterAll(() => scene.end())

/** A station that saw a job run, and the facts about Nomad that it has then. */
async function watching(id: string, servers: readonly number[]): Promise<Station> {
  const here = await station(scene, { nomad, servers })
  await here.sidecar.start().ready()
  await nomad.run(job(id, { script: FOREVER }))
  await here.fact('nomad/alloc', 'started', { job: id })
  await here.fact('bridge', 'connected')
  return here
}

/** Facts about Nomad since a moment, that are about none of these jobs. */
function invented(here: Station, since: number, jobs: readonly string[]): string[] {
  return here.receiver.kept
    .slice(since)
    .filter(({ event, subject }) => event.startsWith('nomad/') && !jobs.includes(String(subject['job'])))
    // A deployment succeeds by itself, ten seconds after the last test has started its job.
    .filter(({ event, verb }) => event !== 'nomad/deployment' || verb !== 'succeeded')
    .map(brief)
}

/**
 * Waits until a job that is registered now has come through, so that everything before it has. Its registration, not its start: the
 * evaluation that a killed server had taken is given to another one only after a minute.
 */
async function passes(here: Station, id: string): Promise<void> {
  await until('Nomad takes a job', async () => (await nomad.call('POST', '/v1/jobs', { Job: job(id, { script: FOREVER, count: 0 }) })).status === 200, 30_000, 250)
  await here.fact('nomad/job', 'registered', { job: id }, 40_000)
}

describe('servers of Nomad come and go', () => {
  // Oracle: the state is the same before and after. Fails when replayed raft entries are judged against nothing, or the next address is not tried.
  fault(5, 'goes to another server within 5 s and tells no old news when the first comes back', { runs: 'default', within: 120 }, async () => {
    await nomad.lead(nomad.server(2))
    const here = await watching('five', [0, 1])
    const used = here.nomad[0]?.open === 0 ? 1 : 0
    const other = here.nomad[1 - used]
    const accepted = other?.accepted ?? 0
    await nomad.server(used).kill()
    await until('the sidecar connects to the other server', () => (other?.accepted ?? 0) > accepted, 5_000, 20)
    await passes(here, 'five-after')
    const since = here.receiver.kept.length
    nomad.server(used).start()
    await nomad.caughtUp(nomad.server(used))
    if (other !== undefined) other.mode = 'refuse'
    await passes(here, 'five-back')
    expect(invented(here, since, ['five-after', 'five-back'])).toEqual([])
    expect(doubled(here.receiver.kept)).toEqual([])
  })

  // Oracle: the number of connections to the follower. Fails when a lost leader is taken for a lost stream, or a list error for an empty list.
  fault(6, 'keeps its stream on a follower while the leader dies', { runs: 'default', within: 90 }, async () => {
    await nomad.lead(nomad.server(2))
    const here = await watching('six', [0])
    const since = here.receiver.kept.length
    const connected = here.facts('bridge', 'connected').length
    await nomad.server(2).kill()
    await passes(here, 'six-after')
    expect(here.facts('bridge', 'connected').length).toBe(connected)
    expect(here.facts('bridge', 'gap')).toEqual([])
    expect(invented(here, since, ['six-after'])).toEqual([])
    nomad.server(2).start()
    await nomad.caughtUp(nomad.server(2))
  })

  // Oracle: nothing changed while the servers were down. Fails when a resync compares with nothing and tells everything anew.
  fault(7, 'tells no storm of news after all servers restarted', { runs: 'default', within: 120 }, async () => {
    const here = await watching('seven', [0, 1])
    const since = here.receiver.kept.length
    const accepted = here.nomad.reduce((sum, one) => sum + one.accepted, 0)
    await Promise.all(nomad.servers.map((server) => server.kill()))
    for (const server of nomad.servers) server.start()
    await passes(here, 'seven-after')
    expect(here.nomad.reduce((sum, { accepted }) => sum + accepted, 0)).toBeGreaterThan(accepted)
    expect(invented(here, since, ['seven-after'])).toEqual([])
    expect(doubled(here.receiver.kept)).toEqual([])
  })

  // Oracle: the snapshot's own content. Fails when a list index below the remembered one is not seen, or the old epoch's ids swallow new facts.
  fault(9, 'opens an epoch after a restore to the past and tells what was reverted', { runs: 'default', within: 120 }, async () => {
    const here = await watching('nine', [0, 1])
    const snapshot = await nomad.get('/v1/operator/snapshot')
    await nomad.run(job('nine', { script: FOREVER, meta: { version: 'one' } }))
    await here.fact('nomad/job', 'updated', { job: 'nine' })
    await nomad.run(job('nine-later', { script: FOREVER }))
    const later = await here.fact('nomad/job', 'registered', { job: 'nine-later' })
    await nomad.put('/v1/operator/snapshot', snapshot)
    const epoch = await here.fact('bridge', 'epoch', {}, 40_000)
    expect(Number(epoch.change['to'])).toBeLessThan(Number(epoch.change['from']))
    await until('the job that the restore took away is told as reverted', () => here.receiver.kept.find(({ event, subject, verdict, seq }) => event.startsWith('nomad/job') && subject['job'] === 'nine-later' && seq > later.seq && verdict['cause'] === 'reverted'))
    await passes(here, 'nine-after')
    expect(here.facts('nomad/job', 'registered', { job: 'nine-after' })[0]?.source['epoch']).not.toBe(later.source['epoch'])
  })
})
