import { afterAll, beforeAll, describe, expect } from 'vitest'
import { fault } from './harness/case.ts'
import { ConsulCluster } from './harness/consul.ts'
import { Scene } from './harness/scene.ts'
import { station } from './harness/station.ts'

const scene = new Scene()
let consul: ConsulCluster

beforeAll(async () => {
  consul = await ConsulCluster.start(scene.folder, scene.authority, { servers: 1, clients: 0, settings: { limits: { http_max_conns_per_client: 3 } } })
  scene.ends(() => consul.stop())
}, 60_000)
afterAll(() => scene.end())

describe('Consul limits its clients', () => {
  // Oracle: Consul itself, which refuses the fourth connection. Fails when refused connections end the source or stay silent.
  fault(35, 'goes on with fewer queries and raises an alarm when connections are limited', { runs: 'default', within: 90 }, async () => {
    const watch = Array.from({ length: 8 }, (_, number) => `watched${number}`)
    const here = await station(scene, { consul, more: { consul: { addresses: [`https://127.0.0.1:${consul.port()}`], token: consul.api.token, watch } } })
    here.sidecar.start()
    const alarm = await here.fact('bridge', 'degraded', {}, 40_000)
    expect(alarm.verdict['cause']).toMatch(/limit/)
    await consul.register(consul.server(0), { Name: 'limited', ID: 'limited-1' })
    await here.fact('consul/service', 'registered', { service: 'limited' }, 40_000)
  })
})
