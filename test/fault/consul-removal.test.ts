import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { fault } from './harness/case.ts'
import { ConsulCluster } from './harness/consul.ts'
import { brief } from './harness/envelope.ts'
import { Scene } from './harness/scene.ts'
import { station, type Station } from './harness/station.ts'
import { until } from './harness/until.ts'
import { rows } from './harness/value.ts'

const scene = new Scene()
let consul: ConsulCluster
let here: Station
let timeoutSince = 0

beforeAll(async () => {
  consul = await ConsulCluster.start(scene.folder, scene.authority, { servers: 3, clients: 3 })
  scene.ends(() => consul.stop())
  here = await station(scene, { consul, more: { settle: { service_removed: '2s', flap_count: 3, flap_window: '20s' } } })
  // Fault 33 takes a minute and a half; it goes on while the others run.
  await consul.register(consul.client(0), { Name: 'dying', ID: 'dying-1', Check: { TTL: '1h', Status: 'passing', CheckID: 'dying-ttl', DeregisterCriticalServiceAfter: '1m' } })
  await here.sidecar.start().ready()
  await consul.check(consul.client(0), 'dying-ttl', 'critical')
  timeoutSince = performance.now()
}, 120_000)
afterAll(() => scene.end())

/** What the servers say of a node's agent; undefined when they do not know it. */
async function healthOf(node: string): Promise<unknown> {
  return rows(await consul.get(`/v1/health/node/${node}`)).find(({ CheckID }) => CheckID === 'serfHealth')?.['Status']
}

describe('things of Consul go away', () => {
  // Oracle: the catalogue. Fails when only checks are watched: this service has none.
  fault(36, 'sees a service without checks come and go', { runs: 'default', within: 60 }, async () => {
    await consul.register(consul.client(0), { Name: 'bare', ID: 'bare-1' })
    const { change } = await here.fact('consul/service', 'registered', { service: 'bare' })
    expect(change['to']).toBe('unchecked')
    await consul.deregister(consul.client(0), 'bare-1')
    const gone = await until('the settled end is told', () => here.facts('consul/service', 'deregistered', { service: 'bare' }).find(({ settled }) => settled))
    expect(gone.verdict['cause']).toBe('explicit')
    expect(here.facts('consul/service', 'deregistered', { service: 'bare' }).map(({ settled }) => settled)).toEqual([false, true])
  })

  // Oracle: the number of registrations. Fails when services without checks are looked for on remembered nodes only.
  fault(36, 'sees sixty services without checks that a new node brings along', { runs: 'default', within: 60 }, async () => {
    const names = Array.from({ length: 60 }, (_, number) => `brought-${number}`)
    for (const name of names) await consul.put('/v1/catalog/register', { Node: 'newcomer', Address: '127.0.0.9', Service: { Service: name, ID: name } })
    await until('every one is told', () => names.every((service) => here.facts('consul/service', 'registered', { service }).length === 1))
    await consul.put('/v1/catalog/register', { Node: 'newcomer', Address: '127.0.0.9', Service: { Service: 'brought-last', ID: 'brought-last' } })
    await here.fact('consul/service', 'registered', { service: 'brought-last' })
    expect(here.facts('consul/service', 'deregistered').filter(({ subject }) => subject['node'] === 'newcomer').map(brief)).toEqual([])
  })

  // Oracle: serfHealth and the member list. Fails when a dead agent and one that said goodbye are told alike, or instances one by one.
  fault(32, 'tells a killed agent from one that left', { runs: 'default', within: 360 }, async () => {
    const [killed, left] = [consul.client(1), consul.client(2)]
    await consul.register(killed, { Name: 'on-killed', ID: 'on-killed-1', Check: { TTL: '1h', Status: 'passing' } })
    await consul.register(left, { Name: 'on-left', ID: 'on-left-1', Check: { TTL: '1h', Status: 'passing' } })
    await here.fact('consul/service', 'registered', { service: 'on-killed' })
    await here.fact('consul/service', 'registered', { service: 'on-left' })
    await Promise.all([killed.kill(), left.terminate()])
    // How long Consul needs for that is its own affair, and grows with the load of the machine.
    await until('Consul counts the killed one as failed', async () => (await healthOf(killed.name)) === 'critical', 120_000, 250)
    await until('Consul has forgotten the one that left', async () => (await healthOf(left.name)) === undefined, 120_000, 250)
    const failed = await here.fact('consul/node', 'failed', { node: killed.name }, 60_000)
    expect(failed.change['instances']).toEqual(['on-killed/on-killed-1'])
    const gone = await until('the settled leave is told', () => here.facts('consul/node', 'left', { node: left.name }).find(({ settled }) => settled), 60_000)
    expect(gone.verdict['cause']).toBe('graceful')
    expect(here.facts('consul/service', 'deregistered', { service: 'on-killed' })).toEqual([])
    expect(here.facts('consul/node', 'left', { node: killed.name })).toEqual([])
    expect(here.facts('consul/node', 'failed', { node: left.name })).toEqual([])
    killed.start()
    await until('Consul counts it as alive', async () => (await healthOf(killed.name)) === 'passing', 120_000, 250)
    await here.fact('consul/node', 'alive', { node: killed.name }, 60_000)
  })

  // Oracle: the number of registrations made and the state at the end. Fails when each is told, or the last state is not.
  fault(34, 'bounds what a flapping service tells and ends with its true state', { runs: 'default', within: 120 }, async () => {
    const rounds = 50
    const since = here.receiver.kept.length
    for (let round = 0; round < rounds; round += 1) {
      await consul.register(consul.client(0), { Name: 'flap', ID: 'flap-1', Check: { TTL: '1h', Status: 'passing' } })
      await pause(50)
      await consul.deregister(consul.client(0), 'flap-1')
      await pause(50)
    }
    await consul.register(consul.client(0), { Name: 'flap', ID: 'flap-1', Check: { TTL: '1h', Status: 'passing' } })
    const flapping = await here.fact('consul/service', 'flapping', { service: 'flap' })
    expect(Number(flapping.change['falls'])).toBeGreaterThanOrEqual(3)
    const end = await until('the state after the flapping is told', () => here.facts('consul/service', undefined, { service: 'flap' }).findLast(({ verdict }) => verdict['cause'] === 'flapping_ended'), 60_000)
    expect(end.change['to']).toBe('passing')
    expect(here.facts('consul/service', undefined, { service: 'flap' }).at(-1)?.verb).not.toBe('deregistered')
    const all = here.receiver.kept.slice(since).filter(({ subject }) => subject['service'] === 'flap')
    expect(all.length, all.map(brief).join('\n')).toBeLessThan(20)
  })

  // Oracle: the definition of the check and the catalogue. Fails when the agent's reaper is told as somebody's deregistration.
  fault(33, 'tells a reaped critical service as critical, then as critical_timeout', { runs: 'default', within: 150 }, async () => {
    const critical = await here.fact('consul/service', 'critical', { service: 'dying' })
    const gone = await until('the settled end is told', () => here.facts('consul/service', 'deregistered', { service: 'dying' }).find(({ settled }) => settled), 130_000)
    expect(performance.now() - timeoutSince).toBeGreaterThan(60_000)
    expect(gone.verdict['cause']).toBe('critical_timeout')
    expect(gone.seq).toBeGreaterThan(critical.seq)
    expect(rows(await consul.get('/v1/catalog/service/dying'))).toEqual([])
  })
})
