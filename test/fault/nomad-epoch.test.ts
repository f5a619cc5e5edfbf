import { afterAll, describe, expect } from 'vitest'
import { serverBinary } from './harness/binaries.ts'
import { fault } from './harness/case.ts'
import { FOREVER, job } from './harness/jobs.ts'
import { NomadCluster } from './harness/nomad.ts'
import { Scene } from './harness/scene.ts'
import { station } from './harness/station.ts'
import { until } from './harness/until.ts'
import { rows, text } from './harness/value.ts'
import { builtVersion } from './harness/versions.ts'

const scene = new Scene()
const older = builtVersion('1.10.')
const second = builtVersion('2.0.')
afterAll(() => scene.end())

describe('a cluster is not the one that it was', () => {
  // Oracle: Nomad's index, which begins anew. Fails when the old cursor is kept, or everything of the old cluster is told as purged by somebody.
  fault(8, 'opens an epoch when a server forgets everything and its index falls', { runs: 'default', within: 120 }, async () => {
    const nomad = await NomadCluster.start(scene.folder, scene.authority, { buffers: [5], clients: 0 })
    scene.ends(() => nomad.stop())
    const here = await station(scene, { nomad, servers: [0] })
    here.sidecar.writeToken('nomad', nomad.api.token)
    await here.sidecar.start().ready()
    for (let number = 0; number < 30; number += 1) await nomad.run(job(`old-${number}`, { script: FOREVER }))
    const old = await here.fact('nomad/job', 'registered', { job: 'old-29' })
    await nomad.server(0).kill()
    nomad.server(0).wipe()
    nomad.server(0).start()
    await until('the new cluster has its management token', () => nomad.bootstrapped())
    await here.fact('bridge', 'epoch', {}, 60_000)
    await nomad.run(job('new', { script: FOREVER }))
    const fresh = await here.fact('nomad/job', 'registered', { job: 'new' })
    expect(fresh.source['epoch']).not.toBe(old.source['epoch'])
    expect(Number(fresh.source['index'])).toBeLessThan(Number(old.source['index']))
    for (const one of here.facts('nomad/job', 'purged')) expect(one.verdict['cause']).toBe('reverted')
  })

  // Oracle: the same deed done before and after. Fails when a verb is taken from a type name, or a replaced server's replay is told anew.
  fault(44, 'tells the same before and after a rolling upgrade from 1.10 to 1.11.3', { runs: 'all', within: 300, skip: older.reason }, async () => {
    await rolled(older.binary, await serverBinary('nomad'))
  })

  // 2.0 says NodeEligibility where 1.x says NodeDrain.
  fault(44, 'tells the same before and after a rolling upgrade from 1.10 to 2.0', { runs: 'all', within: 300, skip: older.reason ?? second.reason }, async () => {
    await rolled(older.binary, second.binary)
  })
})

/** Replaces one agent after the other by another version, and compares what the same deeds are told as before and after. */
async function rolled(from: string, to: string): Promise<void> {
  const nomad = await NomadCluster.start(scene.place('rolling'), scene.authority, { buffers: [5, 5, 5], clients: 1, binary: from })
  scene.ends(() => nomad.stop())
  const here = await station(scene, { nomad })
  await here.sidecar.start().ready()
  const node = text(rows(await nomad.get('/v1/nodes'))[0], 'ID')
  const deeds = async (id: string): Promise<string[]> => {
    const since = here.receiver.kept.length
    for (const eligibility of ['ineligible', 'eligible']) await nomad.put(`/v1/node/${node}/eligibility`, { Eligibility: eligibility })
    await nomad.run(job(id, { script: FOREVER }))
    // A server that was replaced may have taken the evaluation along: Nomad gives it to another one after 60 s.
    await until(`Nomad runs ${id}`, async () => (await nomad.allocations(id)).some(({ ClientStatus }) => ClientStatus === 'running'), 120_000, 250)
    await here.fact('nomad/alloc', 'started', { job: id }, 40_000)
    const told = here.receiver.kept.slice(since).filter(({ event, subject }) => subject['job'] === id || (event === 'nomad/node' && subject['node_id'] === node))
    return [...new Set(told.map(({ tag }) => tag.replaceAll(id, 'it')))].sort()
  }
  const before = await deeds('before')
  expect(before).toContain('eos/nomad/alloc/started/it/main')
  for (const agent of [...nomad.servers, ...nomad.clients]) {
    await agent.kill()
    agent.swap(to)
    agent.start()
    await nomad.caughtUp(nomad.server(0))
    await until('the node is ready', async () => rows(await nomad.get('/v1/nodes')).every(({ Status }) => Status === 'ready'), 60_000)
  }
  expect(await deeds('after')).toEqual(before)
}
