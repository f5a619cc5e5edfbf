import { afterAll, describe, expect } from 'vitest'
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
const newer = builtVersion('2.0.')
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

  // Oracle: the same deed done before and after. Fails when a verb is taken from a type name: 2.0 says NodeEligibility where 1.10 says NodeDrain.
  fault(44, 'hides from reactors the type names that changed between 1.10 and 2.0', { runs: 'all', within: 600, skip: older.reason ?? newer.reason }, async () => {
    const nomad = await NomadCluster.start(scene.place('rolling'), scene.authority, { buffers: [5, 5, 5], clients: 1, binary: older.binary })
    scene.ends(() => nomad.stop())
    const here = await station(scene, { nomad })
    await here.sidecar.start().ready()
    const node = text(rows(await nomad.get('/v1/nodes'))[0], 'ID')
    const deeds = async (id: string): Promise<string[]> => {
      const since = here.receiver.kept.length
      for (const to of ['ineligible', 'eligible']) await nomad.put(`/v1/node/${node}/eligibility`, { Eligibility: to })
      await nomad.run(job(id, { script: FOREVER }))
      await here.fact('nomad/alloc', 'started', { job: id }, 40_000)
      return here.receiver.kept.slice(since).filter(({ event }) => event.startsWith('nomad/')).map(({ tag }) => tag.replaceAll(id, 'it')).sort()
    }
    const before = await deeds('before')
    for (const agent of [...nomad.servers, ...nomad.clients]) {
      await agent.kill()
      agent.swap(newer.binary)
      agent.start()
      await nomad.caughtUp(nomad.server(0))
    }
    expect(await deeds('after')).toEqual(before)
  })
})
