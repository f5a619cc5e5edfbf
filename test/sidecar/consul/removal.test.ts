import { describe, expect, it } from 'vitest'
import { History, instance, member, view } from './views.ts'

const web = instance('web')
const critical = instance('web', { health: 'critical', index: 30 })
const both = [member('n1'), member('n2')]

describe('an instance that is gone while its node is there', () => {
  it.each([
    { was: 'passing', before: web, since: 600, want: ['explicit', 'proved'] },
    { was: 'in warning', before: instance('web', { health: 'warning' }), since: 600, want: ['explicit', 'proved'] },
    { was: 'without checks', before: instance('web', { health: 'unchecked' }), since: 600, want: ['explicit', 'proved'] },
    { was: 'critical for 20 s', before: critical, since: 20, want: ['explicit', 'proved'] },
    { was: 'critical for 61 s', before: critical, since: 61, want: ['critical_timeout', 'suspected'] },
    { was: 'critical for 61 s with a deadline of 60 s in the catalogue', before: { ...critical, reapAfter: 60 }, since: 61, want: ['critical_timeout', 'inferred'] },
    { was: 'critical for 61 s with a deadline of 600 s in the catalogue', before: { ...critical, reapAfter: 600 }, since: 61, want: ['explicit', 'proved'] },
    { was: 'critical since before we looked', before: critical, since: null, want: ['critical_timeout', 'suspected'] },
    { was: 'in maintenance', before: instance('web', { health: 'maintenance' }), since: 600, want: ['explicit', 'proved'] },
  ])('was $was: $want', ({ before, since, want }) => {
    const history = new History(view([before]), since === null ? null : Date.UTC(2026, 10, 21, 12) - since * 1000)
    const [fact] = history.facts(view([]))
    expect(fact).toMatchObject({ event: 'consul/service', verb: 'deregistered', settled: false, verdict: { cause: want[0], confidence: want[1] }, change: { from: before.health, to: null, held: since } })
  })

  it('is told unsettled at once and settled after the quiet time, with one id but for the suffix', () => {
    const history = new History(view([web]))
    const [first] = history.facts(view([]))
    expect(history.wait(9).tells(view([]))).toEqual([])
    const [second] = history.wait(1).facts(view([]))
    expect([first?.settled, second?.settled]).toEqual([false, true])
    expect(second?.mark).toBe(first?.mark)
    expect(history.wait(100).tells(view([]))).toEqual([])
  })

  it('goes by itself with a node that was gone before anybody knew it', () => {
    const history = new History(view([instance('web', { node: 'brief' })], [member('n1')]))
    expect(history.tells(view([], [member('n1')]))).toEqual(['consul/service deregistered web/web-1 explicit unsettled'])
  })

  it('is taken back when it comes again within the quiet time', () => {
    const history = new History(view([web]))
    expect(history.tells(view([]))).toEqual(['consul/service deregistered web/web-1 explicit unsettled'])
    expect(history.wait(5).tells(view([instance('web', { created: 60, index: 60 })]))).toEqual(['consul/service registered web/web-1 recovered'])
    expect(history.wait(60).tells(view([instance('web', { created: 60, index: 60 })]))).toEqual([])
  })

  it('is new again when it comes after the quiet time', () => {
    const history = new History(view([web]))
    history.facts(view([]))
    history.wait(10).facts(view([]))
    expect(history.wait(1).tells(view([instance('web', { created: 60, index: 60 })]))).toEqual(['consul/service registered web/web-1 new'])
  })

  it('settles although the clock was set back by an hour meanwhile', () => {
    const history = new History(view([web]))
    history.facts(view([]))
    expect(history.wait(-3600).tells(view([]))).toEqual(['consul/service deregistered web/web-1 explicit'])
  })

  it('is linked to the allocation of Nomad that registered it', () => {
    const alloc = '5b9c5dd2-1c80-4b0a-9c3e-0a3d4f2f6a11'
    const task = instance('web', { id: `_nomad-task-${alloc}-group-api-web-http` })
    expect(new History(view([task])).facts(view([]))[0]).toMatchObject({ links: { alloc } })
    expect(new History(view([web])).facts(view([]))[0]).toMatchObject({ links: { alloc: null } })
  })
})

describe('an absence without proof', () => {
  it('of an instance is doubted and tells nothing', () => {
    expect(new History(view([web])).doubts(view([]))).toEqual(['default/default/n1/web-1'])
  })

  it('of a node is doubted with what is on it, and tells nothing', () => {
    expect(new History(view([web], both)).doubts(view([], [member('n2')]))).toEqual(['default/default/n1/web-1', 'default/n1'])
  })

  it('never settles what a proof had told unsettled', () => {
    const history = new History(view([web]))
    history.facts(view([]))
    expect(history.wait(60).doubts(view([]))).toEqual(['due'])
  })

  it('of checks is doubted: the instance may be gone instead', () => {
    expect(new History(view([web])).doubts(view([instance('web', { health: 'unchecked' })]))).toEqual(['default/default/n1/web-1'])
  })

  it('of an agent check is doubted: the node may be gone instead', () => {
    expect(new History(view([])).doubts(view([], [member('n1', { agent: 'unwatched' })]))).toEqual(['default/n1'])
  })
})

describe('a node that is gone', () => {
  it.each([
    { was: 'alive', before: member('n1'), since: 600, want: ['left', 'graceful', 'inferred'] },
    { was: 'failed for 5 minutes', before: member('n1', { agent: 'critical' }), since: 300, want: ['reaped', 'forced', 'inferred'] },
    { was: 'failed for 72 hours', before: member('n1', { agent: 'critical' }), since: 72 * 3600, want: ['reaped', 'reconnect_timeout', 'inferred'] },
    { was: 'failed since before we looked', before: member('n1', { agent: 'critical' }), since: null, want: ['reaped', 'reconnect_timeout', 'suspected'] },
    { was: 'without an agent', before: member('n1', { agent: 'unwatched' }), since: 600, want: ['left', 'external', 'proved'] },
  ])('was $was: $want', ({ before, since, want }) => {
    const history = new History(view([web, instance('db')], [before]), since === null ? null : Date.UTC(2026, 10, 21, 12) - since * 1000)
    const facts = history.facts(view([], []))
    expect(facts).toHaveLength(1)
    expect(facts[0]).toMatchObject({
      event: 'consul/node',
      verb: want[0],
      settled: false,
      verdict: { cause: want[1], confidence: want[2] },
      change: { from: before.agent, to: null, held: since, count: 2, instances: ['web/web-1', 'db/db-1'] },
    })
  })

  it('settles as one fact, and none for what was on it', () => {
    const history = new History(view([web, instance('db')]))
    history.facts(view([], []))
    expect(history.wait(10).tells(view([], []))).toEqual(['consul/node left n1 graceful'])
    expect(history.wait(60).tells(view([], []))).toEqual([])
  })

  it('is taken back with what was on it when it comes again within the quiet time', () => {
    const history = new History(view([web]))
    history.facts(view([], []))
    expect(history.wait(3).tells(view([instance('web', { created: 60, index: 60 })], [member('n1', { created: 58, index: 59 })]))).toEqual(['consul/node joined n1 recovered'])
    expect(history.wait(60).tells(view([instance('web', { created: 60, index: 60 })], [member('n1', { created: 58, index: 59 })]))).toEqual([])
  })

  it('comes again without an instance: that one is told only when its own quiet time is over', () => {
    const history = new History(view([web]))
    history.facts(view([], []))
    const back = [member('n1', { created: 58, index: 59 })]
    expect(history.wait(3).tells(view([], back))).toEqual(['consul/node joined n1 recovered'])
    expect(history.wait(9).tells(view([], back))).toEqual([])
    expect(history.wait(1).tells(view([], back))).toEqual(['consul/service deregistered web/web-1 node_returned'])
  })

  it('comes again and its instance a moment later: nothing is told of that', () => {
    const history = new History(view([web]))
    history.facts(view([], []))
    const back = [member('n1', { created: 58, index: 59 })]
    history.wait(3).facts(view([], back))
    expect(history.wait(2).tells(view([instance('web', { created: 61, index: 61 })], back))).toEqual([])
  })
})

describe('servers that were restored', () => {
  it('tell what is missing as reverted, never as deregistered by somebody', () => {
    const history = new History(view([web, critical], both))
    const epoch = { kind: 'consul', name: 'consul:dc1', epoch: 'dc1#2', index: 40 } as const
    const facts = history.facts(view([], [member('n1')]), { isReverted: true, source: epoch })
    expect(facts.map(({ verdict }) => verdict.cause)).toEqual(['reverted', 'reverted'])
    expect(facts.map(({ mark }) => mark)).toEqual(['2.10', '2.20'])
  })

  it('tell what is back as reverted', () => {
    expect(new History(view([])).tells(view([web]), { isReverted: true })).toEqual(['consul/service registered web/web-1 reverted'])
  })

  it('tell an older health as reverted, at its own older index', () => {
    const [fact] = new History(view([critical])).facts(view([web]), { isReverted: true })
    expect(fact).toMatchObject({ verb: 'passing', verdict: { cause: 'reverted' }, mark: '20' })
  })
})
