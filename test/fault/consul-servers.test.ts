import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest'
import { fault } from './harness/case.ts'
import { ConsulCluster } from './harness/consul.ts'
import { brief } from './harness/envelope.ts'
import { Scene } from './harness/scene.ts'
import { station, type Station } from './harness/station.ts'
import { until } from './harness/until.ts'

const scene = new Scene()
let consul: ConsulCluster
let mark = 0

beforeAll(async () => {
  consul = await ConsulCluster.start(scene.folder, scene.authority, { servers: 3, clients: 2 })
  scene.ends(() => consul.stop())
  mark = scene.mark()
}, 120_000)
afterEach(() => scene.endSince(mark))
afterAll(() => scene.end())

const passing = { TTL: '1h', Status: 'passing' } as const

/** A station that saw one service register. It uses the management token, which is in every agent's configuration and so outlives a restore. */
async function watching(service: string): Promise<Station> {
  const here = await station(scene, { consul, more: { settle: { service_removed: '2s' } } })
  here.sidecar.writeToken('consul', consul.api.token)
  await here.sidecar.start().ready()
  await consul.register(consul.client(0), { Name: service, ID: `${service}-1`, Check: passing })
  await here.fact('consul/service', 'registered', { service })
  return here
}

describe('servers of Consul come and go', () => {
  // Oracle: the services that are registered all the time. Fails when an answer without a leader is believed, or staleness is not looked at.
  fault(31, 'does not believe the absence that a server cut off from the others tells', { runs: 'default', within: 120 }, async () => {
    const leader = await consul.leader()
    const [stale] = consul.servers.filter((server) => server !== leader)
    if (stale === undefined) throw new Error('no follower')
    const here = await watching('before')
    const since = here.receiver.kept.length
    stale.signal('SIGSTOP')
    await consul.api.ask(leader.https, 'PUT', '/v1/catalog/register', { Node: 'outside', Address: '127.0.0.9', Service: { Service: 'unknown-to-it', ID: 'unknown-1' } })
    await here.fact('consul/service', 'registered', { service: 'unknown-to-it' }, 40_000)
    const others = consul.servers.filter((server) => server !== stale)
    for (const server of others) server.signal('SIGSTOP')
    stale.signal('SIGCONT')
    await until('the lone server says that it knows no leader', async () => (await consul.api.call(stale.https, 'GET', '/v1/catalog/services?stale')).header('x-consul-knownleader') === 'false', 30_000)
    await pause(5_000)
    for (const server of others) server.signal('SIGCONT')
    await until('there is a leader again', async () => (await consul.api.call(stale.https, 'GET', '/v1/health/state/any?consistent')).status === 200, 40_000)
    await consul.register(consul.client(1), { Name: 'after-31', ID: 'after-31-1', Check: passing })
    await here.fact('consul/service', 'registered', { service: 'after-31' }, 40_000)
    const removals = here.receiver.kept.slice(since).filter(({ verb }) => ['deregistered', 'left', 'reaped'].includes(verb))
    expect(removals.map(brief)).toEqual([])
  })

  // Oracle: the snapshot. Fails when a query waits for an index that the restored servers will not reach, or a removal is told as explicit.
  fault(29, 'tells what a restore to an older snapshot reverted and hangs nowhere', { runs: 'default', within: 120 }, async () => {
    const here = await watching('kept')
    const snapshot = await consul.get('/v1/snapshot')
    await consul.put('/v1/catalog/register', { Node: 'outside', Address: '127.0.0.9', Service: { Service: 'later', ID: 'later-1' } })
    const later = await here.fact('consul/service', 'registered', { service: 'later' })
    await consul.put('/v1/snapshot', snapshot)
    const reverted = await until('the removal is told as reverted', () => here.receiver.kept.find(({ event, verdict, seq }) => event.startsWith('consul/') && verdict['cause'] === 'reverted' && seq > later.seq), 60_000)
    expect(JSON.stringify(reverted.body)).toMatch(/later|outside/)
    expect(here.facts('bridge', 'epoch').length).toBeGreaterThan(0)
    await consul.register(consul.client(1), { Name: 'after-29', ID: 'after-29-1', Check: passing })
    await here.fact('consul/service', 'registered', { service: 'after-29' }, 5_000)
    expect(here.facts('consul/service', 'deregistered', { service: 'kept' })).toEqual([])
  })

  // Oracle: the instance that is registered. Fails when the old index is asked for again: such a query hangs for minutes.
  fault(30, 'sees the first change after Consul restarted empty', { runs: 'default', within: 150 }, async () => {
    const here = await watching('wiped')
    for (let round = 0; round < 30; round += 1) await consul.put('/v1/kv/ballast', { round })
    await Promise.all(consul.servers.map((server) => server.kill()))
    for (const server of consul.servers) {
      server.wipe()
      server.start()
    }
    await consul.settled(5)
    await until('the sidecar reads again', async () => (await here.sidecar.page('/readyz')).status === 200, 60_000)
    await consul.register(consul.client(1), { Name: 'first', ID: 'first-1', Check: passing })
    await here.fact('consul/service', 'registered', { service: 'first' }, 40_000)
  })
})
