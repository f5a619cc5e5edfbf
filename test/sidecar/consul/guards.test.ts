import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { FakeAgent, FakeCatalogue, type Twist } from './fake-agent.ts'
import { Watch, type WatchOptions } from './watch.ts'

// Every test here fails when the guard that its comment names is taken out (tried on 21 November 2026).

// They wait for most of their time, so they wait together: each has a catalogue, agents and a source of its own.

const open: { close: () => Promise<void> }[] = []
afterAll(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

interface Stage {
  readonly catalogue: FakeCatalogue
  readonly agents: readonly [FakeAgent, FakeAgent]
  readonly watch: Watch
}

/** Two agents of one cluster with 3 nodes of 10 services, and a source that has read them. */
async function stage(more: Partial<WatchOptions> = {}): Promise<Stage> {
  const catalogue = FakeCatalogue.of(3, 10)
  const agents = [await FakeAgent.open(catalogue), await FakeAgent.open(catalogue)] as const
  open.push(...agents)
  const watch = new Watch({ addresses: agents.map(({ address }) => address), settle: { service_removed: '300ms' }, ...more })
  open.push({ close: () => watch.stop() })
  await watch.ready()
  // The three questions wait at the agents before a test begins.
  await watch.stands('asking', () => catalogue.wakes.size >= 3)
  return { catalogue, agents, watch }
}

const LISTS = ['/v1/health/state/any', '/v1/catalog/services', '/v1/catalog/nodes']
const isList = ({ pathname }: URL): boolean => LISTS.includes(pathname) || pathname.startsWith('/v1/catalog/')
const empty = ({ pathname }: URL): unknown => (pathname === '/v1/catalog/services' ? {} : [])

/** Sets the same lie on both agents. */
function lie({ agents }: Stage, twist: Twist): void {
  for (const agent of agents) agent.twist = twist
}

/** A write that nothing but a lying answer can tell of, and time for a mistake to be made. */
async function stir({ catalogue }: Stage, milliseconds = 1500): Promise<void> {
  catalogue.write(() => undefined)
  await pause(milliseconds)
}

describe.concurrent('an answer is not believed', { timeout: 30_000 }, () => {
  // Guard: distrust() reads X-Consul-Results-Filtered-By-ACLs.
  it('that was filtered: nothing is told, and the source is degraded until it is whole again', async () => {
    const here = await stage()
    lie(here, (url) => (isList(url) ? { headers: { 'x-consul-results-filtered-by-acls': 'true' }, body: empty(url) } : undefined))
    here.catalogue.write(() => undefined)
    await here.watch.degraded('filtered')
    await pause(1000)
    expect(here.watch.journal.brief()).toEqual([])
    lie(here, () => undefined)
    await here.watch.ready()
    expect(here.watch.journal.brief()).toEqual([])
  })

  // Guard: distrust() reads X-Consul-KnownLeader.
  it('that knows no leader', async () => {
    const here = await stage()
    lie(here, (url) => (isList(url) ? { headers: { 'x-consul-knownleader': 'false' }, body: empty(url) } : undefined))
    await stir(here)
    expect(here.watch.source.standing().isReady).toBe(false)
    expect(here.watch.journal.brief()).toEqual([])
  })

  // Guard: distrust() reads X-Consul-LastContact where the answer was a stale one.
  it('that comes from a server which is a minute behind', async () => {
    const here = await stage()
    lie(here, (url) => (isList(url) ? { headers: { 'x-consul-effective-consistency': 'stale', 'x-consul-lastcontact': '60000' }, body: empty(url) } : undefined))
    await stir(here)
    expect(here.watch.source.standing().isReady).toBe(false)
    expect(here.watch.journal.brief()).toEqual([])
  })

  // Guard: a removal needs a second reading; one lying answer of each list, then the truth (consul#20790).
  it('that says once that everything is gone, with index 1', async () => {
    const here = await stage()
    const lied = new Set<string>()
    lie(here, (url) => {
      if (!LISTS.includes(url.pathname) || lied.has(url.pathname)) return undefined
      lied.add(url.pathname)
      return { headers: { 'x-consul-index': '1' }, body: empty(url) }
    })
    await stir(here)
    expect([...lied].toSorted()).toEqual(LISTS.toSorted())
    expect(here.watch.journal.brief()).toEqual([])
    here.catalogue.write((catalogue) => catalogue.checks.splice(1, 1))
    await here.watch.journal.told('consul/service deregistered s1/s1-1 explicit')
  })
})

describe.concurrent('an absence does not count', { timeout: 30_000 }, () => {
  // Guard: identify() refuses the anonymous accessor (finding 14: an anonymous reader is answered 200 [] without a header).
  it('when the token is the anonymous one', async () => {
    const here = await stage()
    lie(here, (url) => (url.pathname === '/v1/acl/token/self' ? { body: { AccessorID: '00000000-0000-0000-0000-000000000002' } } : isList(url) ? { body: empty(url) } : undefined))
    here.catalogue.write(() => undefined)
    await here.watch.degraded('auth')
    expect(here.watch.journal.brief()).toEqual([])
  })

  // Guard: identify() refuses the anonymous accessor before anything is remembered: else the first true answer is a storm of news.
  it('when the source starts with the anonymous token', async () => {
    const catalogue = FakeCatalogue.of(3, 10)
    const agent = await FakeAgent.open(catalogue)
    open.push(agent)
    agent.twist = (url) => (url.pathname === '/v1/acl/token/self' ? { body: { AccessorID: '00000000-0000-0000-0000-000000000002' } } : isList(url) ? { body: empty(url) } : undefined)
    const watch = new Watch({ addresses: [agent.address] })
    open.push({ close: () => watch.stop() })
    await watch.degraded('auth')
    agent.twist = () => undefined
    await watch.ready()
    expect(watch.journal.brief()).toEqual([])
    expect(watch.journal.rows.size).toBe(33)
  })

  // Guard: look() asks acl/token/self after the lists (consul#20790: 200 and empty lists for a token that was just deleted).
  it('when the token is gone', async () => {
    const here = await stage()
    lie(here, (url) => (url.pathname === '/v1/acl/token/self' ? { status: 403, body: 'ACL not found' } : isList(url) ? { body: empty(url) } : undefined))
    here.catalogue.write(() => undefined)
    await here.watch.degraded('auth')
    await pause(1000)
    expect(here.watch.journal.brief()).toEqual([])
  })

  // Guard: standingOf(): another accessor for the same token makes one reading void.
  it('in the reading that finds another accessor for the same token', async () => {
    const here = await stage()
    here.catalogue.accessor = 'accessor-2'
    let lists = 0
    lie(here, (url) => {
      if (url.pathname !== '/v1/health/state/any') return undefined
      lists += 1
      return lists <= 2 ? { body: [] } : undefined
    })
    here.catalogue.write(() => undefined)
    await here.watch.degraded('auth')
    await here.watch.ready()
    expect(here.watch.journal.brief()).toEqual([])
  })

  // Guard: standingOf(): a new token reads everything itself before anything that is missing counts.
  it('in the reading during which the token was replaced', async () => {
    const here = await stage({ timing: { token_check: '200ms' } })
    const less = here.catalogue.checks.toSpliced(1, 1)
    let readings = 0
    lie(here, ({ pathname, searchParams }) => {
      if (pathname !== '/v1/health/state/any' || !searchParams.has('consistent')) return undefined
      readings += 1
      return readings === 1 ? { body: less } : undefined
    })
    here.catalogue.others.set('secret-2', 'accessor-2')
    here.watch.writeToken('secret-2')
    await here.watch.stands('known by its new token', () => JSON.stringify(here.watch.journal.cursor).includes('accessor-2'))
    await here.watch.stands('proved again', ({ counters }) => (counters['consul_proofs_total'] ?? 0) > 1)
    expect(readings).toBeGreaterThan(1)
    expect(here.watch.journal.brief()).toEqual([])
  })

  // Guard: tokenFile() throws and ask() sends nothing.
  it('when the token file is empty: not one request goes out', async () => {
    const here = await stage()
    here.watch.writeToken('')
    await pause(1100)
    here.catalogue.write(() => undefined)
    await here.watch.degraded('auth')
    const [first, second] = here.agents
    const count = first.asked.length + second.asked.length
    await pause(1500)
    expect(first.asked.length + second.asked.length).toBe(count)
    here.watch.writeToken('secret-1')
    await here.watch.ready()
    expect(here.watch.journal.brief()).toEqual([])
  })

  // Guard: isMass() wants a second look through the other agent; united() keeps what either of them shows.
  it('of a third of everything, when the other agent still sees it', async () => {
    const here = await stage()
    const [first, second] = here.agents
    const half = here.catalogue.checks.filter(({ Node }) => Node !== 'n1')
    for (const agent of [first]) agent.twist = ({ pathname }) => (pathname === '/v1/health/state/any' ? { body: half } : undefined)
    here.catalogue.write(() => undefined)
    await here.watch.stands('proved once more', ({ counters }) => (counters['consul_proofs_total'] ?? 0) > 1)
    expect(second.asked.filter((path) => path.includes('consistent')).length).toBeGreaterThan(0)
    expect(here.watch.journal.brief()).toEqual([])
  })

  // Guard: wentBack() must hold at a second agent before an epoch is turned.
  it('when one agent alone went back in time', async () => {
    const here = await stage()
    const [first] = here.agents
    first.twist = (url) => (isList(url) ? { headers: { 'x-consul-index': '7' }, body: empty(url) } : undefined)
    await stir(here, 2500)
    expect(here.watch.journal.brief()).toEqual([])
  })
})

describe.concurrent('a true absence is told', { timeout: 30_000 }, () => {
  it('of everything at once, with the second look as evidence', async () => {
    const here = await stage()
    here.catalogue.write((catalogue) => {
      catalogue.checks = catalogue.checks.filter(({ ServiceID }) => ServiceID === '')
    })
    const fact = await here.watch.journal.told('consul/service deregistered s1/s1-1 explicit')
    expect(fact.evidence).toContain('accessor:accessor-1')
    const [unsettled] = here.watch.journal.facts.filter(({ event, settled }) => event === 'consul/service' && !settled)
    expect(unsettled?.evidence.at(-1)).toMatch(/^second:127\.0\.0\.1:/)
    expect(here.watch.journal.facts).toHaveLength(60)
  })

  it('of everything at once although the other agent is down', async () => {
    const here = await stage()
    const [first, second] = here.agents
    await second.close()
    here.catalogue.write((catalogue) => {
      catalogue.checks = catalogue.checks.filter(({ ServiceID }) => ServiceID === '')
    })
    await here.watch.journal.told('consul/service deregistered s1/s1-1 explicit')
    const [unsettled] = here.watch.journal.facts.filter(({ settled }) => !settled)
    expect(unsettled?.evidence.at(-1)).toBe(`second:127.0.0.1:${first.port}`)
  })

  it('of one instance, with every proof named', async () => {
    const here = await stage()
    here.catalogue.write((catalogue) => catalogue.checks.splice(1, 1))
    const fact = await here.watch.journal.told('consul/service deregistered s1/s1-1 explicit')
    expect(fact.evidence).toEqual(['consul:checks:101', 'consul:nodes:101', 'consul:services:101', expect.stringMatching(/^consistent:127/), 'accessor:accessor-1', 'leader_contact:0ms'])
  })

  it('after a restart in the quiet time, once and with the same id', async () => {
    const here = await stage({ settle: { service_removed: '3s' } })
    here.catalogue.write((catalogue) => catalogue.checks.splice(1, 1))
    const first = await here.watch.journal.told('consul/service deregistered s1/s1-1 explicit unsettled')
    await here.watch.source.stop()
    const again = new Watch({ addresses: here.agents.map(({ address }) => address), settle: { service_removed: '300ms' }, journal: here.watch.journal })
    open.push({ close: () => again.stop() })
    const settled = await again.journal.told('consul/service deregistered s1/s1-1 explicit')
    expect(settled.mark).toBe(first.mark)
    await pause(500)
    expect(again.journal.brief()).toHaveLength(2)
  })

  it('although it happened while the source was down', async () => {
    const here = await stage()
    await here.watch.source.stop()
    here.catalogue.write((catalogue) => catalogue.checks.splice(1, 1))
    const again = new Watch({ addresses: here.agents.map(({ address }) => address), settle: { service_removed: '300ms' }, journal: here.watch.journal })
    open.push({ close: () => again.stop() })
    const fact = await again.journal.told('consul/service deregistered s1/s1-1 explicit unsettled')
    expect(fact.origin).toBe('resync')
  })
})

describe.concurrent('servers that went back in time', { timeout: 30_000 }, () => {
  // Guard: a lower index is looked into at once, and wentBack() in prove() turns the epoch.
  it('begin a new epoch, and what is missing is reverted', async () => {
    const here = await stage()
    here.catalogue.checks.splice(1, 1)
    here.catalogue.index = 60
    here.catalogue.wake()
    await here.watch.journal.told('consul/service deregistered s1/s1-1 reverted')
    expect(here.watch.journal.brief()[0]).toBe('bridge epoch  restore')
    expect(here.watch.journal.facts[1]).toMatchObject({ source: { epoch: 'dc1#2' }, mark: '2.20' })
  })

  // Guard: isLetGo in follow(): the servers let go of a question with the answer of before, and the index is as before.
  it('are noticed although they answer with the index of before', async () => {
    const here = await stage()
    const [first, second] = here.agents
    const old = String(here.catalogue.index)
    for (const agent of [first, second]) agent.twist = (url) => (url.searchParams.has('index') ? { headers: { 'x-consul-index': old } } : undefined)
    here.catalogue.wake()
    here.catalogue.checks.splice(1, 1)
    here.catalogue.index = 60
    await here.watch.journal.told('consul/service deregistered s1/s1-1 reverted')
  })
})
