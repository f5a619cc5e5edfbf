import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ConsulCluster } from '../../fault/harness/consul.ts'
import { Scene } from '../../fault/harness/scene.ts'
import { CONSUL_RULES } from '../../fault/harness/station.ts'
import { until } from '../../fault/harness/until.ts'
import { Watch, type WatchOptions } from './watch.ts'

// Consul 1.22.2 with TLS and default deny: three servers and two clients on the loopback.

const scene = new Scene()
let consul: ConsulCluster

beforeAll(async () => {
  consul = await ConsulCluster.start(scene.folder, scene.authority, { servers: 3, clients: 2 })
  scene.ends(() => consul.stop())
}, 120_000)
afterAll(() => scene.end())

/** A source that has read the catalogue, with the management token unless told otherwise. */
async function watching(more: Partial<WatchOptions> = {}): Promise<Watch> {
  const addresses = consul.servers.map(({ https }) => `https://127.0.0.1:${https}`)
  const watch = new Watch({ addresses, ca: scene.authority.ca, token: consul.api.token, settle: { service_removed: '2s' }, timing: { token_check: '1s', proof: '500ms' }, ...more })
  scene.ends(() => watch.stop())
  await watch.ready()
  return watch
}

const passing = { TTL: '1h', Status: 'passing' } as const

describe('one service', { timeout: 60_000 }, () => {
  it('is told from its registration to its end, each step with the index of Consul', async () => {
    const { journal } = await watching()
    const client = consul.client(0)
    await consul.register(client, { Name: 'web', ID: 'web-1', Check: { ...passing, CheckID: 'web-ttl' } })
    await journal.told('consul/service registered web/web-1 new')
    await consul.check(client, 'web-ttl', 'critical')
    await journal.told('consul/service critical web/web-1 check')
    await consul.check(client, 'web-ttl', 'warning')
    await journal.told('consul/service warning web/web-1 check')
    await consul.check(client, 'web-ttl', 'passing')
    await journal.told('consul/service passing web/web-1 check')
    await consul.api.ask(client.https, 'PUT', '/v1/agent/service/maintenance/web-1?enable=true&reason=test')
    await journal.told('consul/service maintenance web/web-1 operator')
    await consul.api.ask(client.https, 'PUT', '/v1/agent/service/maintenance/web-1?enable=false')
    await journal.told('consul/service passing web/web-1 maintenance_ended')
    await consul.deregister(client, 'web-1')
    const gone = await journal.told('consul/service deregistered web/web-1 explicit')
    expect(gone.evidence.some((line) => line.startsWith('accessor:'))).toBe(true)
    expect(journal.brief()).toHaveLength(8)
    expect(new Set(journal.facts.map(({ verb, mark, settled }) => `${verb}:${mark}:${settled}`)).size).toBe(8)
  })

  it('is told with the same ids through every server', async () => {
    const through = await Promise.all(consul.servers.map(({ https }) => watching({ addresses: [`https://127.0.0.1:${https}`] })))
    const client = consul.client(0)
    await consul.register(client, { Name: 'same', ID: 'same-1', Check: { ...passing, CheckID: 'same-ttl' } })
    await Promise.all(through.map(({ journal }) => journal.told('consul/service registered same/same-1 new')))
    await consul.check(client, 'same-ttl', 'critical')
    await Promise.all(through.map(({ journal }) => journal.told('consul/service critical same/same-1 check')))
    await consul.deregister(client, 'same-1')
    await Promise.all(through.map(({ journal }) => journal.told('consul/service deregistered same/same-1 explicit')))
    const [first, ...others] = through.map(({ journal }) => journal.facts.map(({ verb, mark, settled }) => `${verb}:${mark}:${settled}`))
    for (const other of others) expect(other).toEqual(first)
  })

  it('without a check is told although its name has checks elsewhere', async () => {
    const { journal } = await watching({ timing: { audit: '1s' } })
    await consul.register(consul.client(0), { Name: 'mixed', ID: 'mixed-1', Check: passing })
    await journal.told('consul/service registered mixed/mixed-1 new')
    await consul.register(consul.client(1), { Name: 'mixed', ID: 'mixed-2' })
    expect(await journal.told('consul/service registered mixed/mixed-2 new')).toMatchObject({ change: { to: 'unchecked' } })
    await consul.deregister(consul.client(1), 'mixed-2')
    await journal.told('consul/service deregistered mixed/mixed-2 explicit')
    await consul.deregister(consul.client(0), 'mixed-1')
  })

  it('of the watch list is told like any other', async () => {
    const { journal } = await watching({ watch: ['hot', 'not-there'] })
    await consul.register(consul.client(0), { Name: 'hot', ID: 'hot-1', Check: { ...passing, CheckID: 'hot-ttl' } })
    await journal.told('consul/service registered hot/hot-1 new')
    await consul.check(consul.client(0), 'hot-ttl', 'critical')
    await journal.told('consul/service critical hot/hot-1 check')
    await consul.deregister(consul.client(0), 'hot-1')
    await journal.told('consul/service deregistered hot/hot-1 explicit')
    expect(journal.brief()).toHaveLength(4)
  })

  it('that comes and goes ten times a second is one fact of flapping and one of its end', async () => {
    const { journal } = await watching({ settle: { service_removed: '2s', flap_window: '8s' } })
    const client = consul.client(0)
    let isOver = false
    const flapping = journal.told('consul/service flapping flap/flap-1 flapping')
    const end = (): void => void (isOver = true)
    flapping.then(end, end)
    // The lists are read at most once a second, and see the one state or the other: three falls may take longer than three seconds.
    while (!isOver) {
      await consul.register(client, { Name: 'flap', ID: 'flap-1', Check: passing })
      await pause(50)
      await consul.deregister(client, 'flap-1')
      await pause(50)
    }
    await flapping
    await until('its last state is told last', () => journal.brief().at(-1) === 'consul/service deregistered flap/flap-1 explicit')
    expect(journal.facts.length).toBeLessThan(16)
  })
})

describe('rights', { timeout: 60_000 }, () => {
  it('that are lost tell of no removal, and are found again with a new token', async () => {
    const token = await consul.token(CONSUL_RULES)
    const watch = await watching({ token: token.secret })
    await consul.api.ask(consul.port(), 'DELETE', `/v1/acl/token/${token.accessor}`)
    await watch.degraded('auth')
    const next = await consul.token(CONSUL_RULES)
    watch.writeToken(next.secret)
    await watch.ready()
    expect(watch.journal.brief()).toEqual([])
  })

  it('that are narrowed freeze everything until they are wide again', async () => {
    const token = await consul.token(CONSUL_RULES)
    const watch = await watching({ token: token.secret })
    const policy = (rules: string): Promise<unknown> => consul.put(`/v1/acl/policy/${token.policy}`, { ID: token.policy, Name: `narrow-${token.policy.slice(0, 8)}`, Rules: rules })
    await policy('node_prefix "" { policy = "read" }')
    await consul.register(consul.client(0), { Name: 'while-narrow', ID: 'while-narrow-1', Check: passing })
    await watch.degraded('filtered', 40_000)
    expect(watch.journal.brief()).toEqual([])
    await policy(CONSUL_RULES)
    await watch.ready()
    await watch.journal.told('consul/service registered while-narrow/while-narrow-1 new')
    expect(watch.journal.brief()).toHaveLength(1)
  })
})

describe('one node', { timeout: 120_000 }, () => {
  it('is told as failed when it is killed, as left when it says goodbye, each with what is on it', async () => {
    const { journal } = await watching()
    await consul.register(consul.client(0), { Name: 'on-killed', ID: 'on-killed-1', Check: passing })
    await consul.register(consul.client(1), { Name: 'on-left', ID: 'on-left-1', Check: passing })
    await journal.told('consul/service registered on-left/on-left-1 new')
    await Promise.all([consul.client(0).kill(), consul.client(1).terminate()])
    const left = await journal.told(`consul/node left ${consul.client(1).name} graceful`, 30_000)
    const failed = await journal.told(`consul/node failed ${consul.client(0).name} unreachable`, 60_000)
    expect([left, failed]).toMatchObject([{ change: { instances: expect.arrayContaining(['on-left/on-left-1']) } }, { change: { instances: expect.arrayContaining(['on-killed/on-killed-1']) } }])
    consul.client(0).start()
    consul.client(1).start()
    await journal.told(`consul/node alive ${consul.client(0).name} reachable`, 60_000)
    await journal.told(`consul/node joined ${consul.client(1).name} new`, 60_000)
    expect(journal.brief().filter((line) => line.includes('deregistered'))).toEqual([])
  })
})

describe('the servers', { timeout: 120_000 }, () => {
  it('that are restored turn the epoch, and what they forgot is reverted', async () => {
    const { journal } = await watching()
    const snapshot = await consul.get('/v1/snapshot')
    await consul.put('/v1/catalog/register', { Node: 'outside', Address: '127.0.0.9', Service: { Service: 'later', ID: 'later-1' } })
    await journal.told('consul/service registered later/later-1 new')
    await journal.told('consul/node joined outside new')
    await consul.put('/v1/snapshot', snapshot)
    await journal.told('consul/node left outside reverted', 20_000)
    expect(journal.brief()).toContain('bridge epoch  restore')
    expect(journal.brief().filter((line) => / (explicit|graceful|external)/.test(line))).toEqual([])
  })

  it('that begin from nothing are read at once, and what they never knew is reverted', async () => {
    const watch = await watching()
    for (let round = 0; round < 30; round += 1) await consul.put('/v1/kv/ballast', { round })
    await Promise.all(consul.servers.map((server) => server.kill()))
    for (const server of consul.servers) {
      server.wipe()
      server.start()
    }
    await watch.journal.told('bridge epoch  restore', 60_000)
    // The clients try servers that they count as failed once in 30 s; asked to, the servers find them at once.
    for (const client of consul.clients) await consul.put(`/v1/agent/join/127.0.0.1:${client.serf}`)
    await consul.settled(5, 100_000)
    await watch.ready(30_000)
    await consul.register(consul.client(1), { Name: 'first', ID: 'first-1', Check: passing })
    await watch.journal.told('consul/service registered first/first-1 new', 5000)
    expect(watch.journal.brief().filter((line) => / (explicit|graceful|external)/.test(line))).toEqual([])
  })
})
