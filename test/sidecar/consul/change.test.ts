import { describe, expect, it } from 'vitest'
import { nextDue } from '../../../src/sidecar/consul/judge.ts'
import { editOf, rowOf } from '../../../src/sidecar/consul/row.ts'
import { emptyMemory, remember, type Edit, type Health, type Known } from '../../../src/sidecar/consul/record.ts'
import { History, instance, member, moment, NOON, view } from './views.ts'

const patience = moment().patience

describe('the health of an instance', () => {
  it.each<{ from: Health; to: Health; want: string; isNodeHeld?: boolean }>([
    { from: 'passing', to: 'critical', want: 'critical web/web-1 check' },
    { from: 'passing', to: 'warning', want: 'warning web/web-1 check' },
    { from: 'critical', to: 'passing', want: 'passing web/web-1 check' },
    { from: 'critical', to: 'warning', want: 'warning web/web-1 check' },
    { from: 'passing', to: 'maintenance', want: 'maintenance web/web-1 operator' },
    { from: 'passing', to: 'maintenance', isNodeHeld: true, want: 'maintenance web/web-1 node_maintenance' },
    { from: 'maintenance', to: 'passing', want: 'passing web/web-1 maintenance_ended' },
    { from: 'maintenance', to: 'critical', want: 'critical web/web-1 maintenance_ended' },
    { from: 'unchecked', to: 'passing', want: 'passing web/web-1 check' },
    { from: 'passing', to: 'unchecked', want: 'registered web/web-1 check' },
  ])('$from becomes $to: $want', ({ from, to, want, isNodeHeld = false }) => {
    const history = new History(view([instance('web', { health: from })]))
    const after = instance('web', { health: to, index: 60, isNodeHeld })
    const [fact] = history.facts(view([after]))
    expect(fact).toMatchObject({ change: { from, to, held: 600 }, mark: '60', settled: true })
    expect(`${fact?.verb} web/web-1 ${fact?.verdict.cause}`).toBe(want)
    expect(history.tells(view([after]))).toEqual([])
  })

  it('that is the same with another index is noise', () => {
    const history = new History(view([instance('web')]))
    expect(history.tells(view([instance('web', { index: 90 })]))).toEqual([])
  })

  it('gets no older mark when the check that was bad is gone', () => {
    const history = new History(view([instance('web', { health: 'critical', index: 30 })]))
    expect(history.facts(view([instance('web', { index: 20 })]))[0]?.mark).toBe('30')
  })

  it('is told as unreachable on a node that failed', () => {
    const history = new History(view([instance('web')]))
    const facts = history.facts(view([instance('web', { health: 'critical', index: 60 })], [member('n1', { agent: 'critical', index: 59 })]))
    expect(facts.map((fact) => fact.event)).toEqual(['consul/node', 'consul/service'])
    expect(facts[1]).toMatchObject({ verdict: { reachable: false } })
  })
})

describe('what appears', () => {
  it('is remembered in silence at the first reading, however much it is', () => {
    const history = new History()
    const many = Array.from({ length: 1000 }, (_, number) => instance(`s${number}`))
    expect(history.tells(view(many), { isBaseline: true })).toEqual([])
    expect(history.memory.instance.size).toBe(1000)
  })

  it('is told as new afterwards', () => {
    expect(new History(view([])).tells(view([instance('web', { created: 60 })], [member('n1'), member('n2')]))).toEqual(['consul/node joined n2 new', 'consul/service registered web/web-1 new'])
  })

  it('was replaced when it was created after everything that was seen', () => {
    const history = new History(view([instance('web')]))
    expect(history.tells(view([instance('web', { created: 60, index: 60 })]))).toEqual(['consul/service registered web/web-1 replaced'])
  })

  it('was not replaced when only its first check is another one', () => {
    const history = new History(view([instance('web')]))
    expect(history.tells(view([instance('web', { created: 45, index: 45 })]))).toEqual([])
  })
})

describe('a node', () => {
  it('that fails is one fact with its instances, which stay as they are', () => {
    const history = new History(view([instance('web'), instance('db')]))
    const facts = history.facts(view([instance('web'), instance('db')], [member('n1', { agent: 'critical', index: 61 })]))
    expect(facts).toHaveLength(1)
    expect(facts[0]).toMatchObject({ event: 'consul/node', verb: 'failed', mark: '61', change: { count: 2, instances: ['web/web-1', 'db/db-1'] } })
  })

  it('that passes again is alive', () => {
    const history = new History(view([], [member('n1', { agent: 'critical' })]))
    expect(history.tells(view([], [member('n1', { index: 70 })]))).toEqual(['consul/node alive n1 reachable'])
  })

  it('names a hundred instances and counts the rest', () => {
    const many = Array.from({ length: 250 }, (_, number) => instance(`s${number}`))
    const [fact] = new History(view(many)).facts(view(many, [member('n1', { agent: 'critical', index: 61 })]))
    expect(fact).toMatchObject({ change: { count: 250 } })
    expect(fact?.event === 'consul/node' ? fact.change.instances : []).toHaveLength(100)
  })
})

describe('flapping', () => {
  /** Gone and back again, with a second between. */
  function blink(history: History, created: number): string[] {
    return [...history.wait(1).tells(view([])), ...history.wait(1).tells(view([instance('web', { created, index: created })]))]
  }

  it('is told at the third fall; what follows is held back until it holds still, and counted', () => {
    const history = new History(view([instance('web')]))
    expect([...blink(history, 60), ...blink(history, 62)]).toHaveLength(4)
    expect(blink(history, 64)).toEqual(['consul/service flapping web/web-1 flapping'])
    expect([66, 68, 70, 72].flatMap((created) => blink(history, created))).toEqual([])
    const last = view([instance('web', { created: 72, index: 72 })])
    expect(history.wait(58).tells(last)).toEqual([])
    const [end] = history.wait(1).facts(last)
    expect(end).toMatchObject({ verb: 'passing', verdict: { cause: 'flapping_ended' }, coalesced: 10 })
  })

  it('is told once per window while it goes on', () => {
    const history = new History(view([instance('web')]))
    const told = Array.from({ length: 60 }, (_, round) => blink(history, 60 + 2 * round)).flat()
    expect(told.filter((line) => line.includes('flapping'))).toHaveLength(2)
  })

  it('ends as deregistered when it stays away', () => {
    const history = new History(view([instance('web')]))
    for (const created of [60, 62, 64]) blink(history, created)
    expect(history.wait(1).tells(view([]))).toEqual([])
    expect(history.wait(10).tells(view([]))).toEqual(['consul/service deregistered web/web-1 explicit'])
  })

  it('of its health counts like being lost', () => {
    const history = new History(view([instance('web')]))
    const told = [60, 62, 64].flatMap((index) => [...history.wait(1).tells(view([instance('web', { health: 'critical', index })])), ...history.wait(1).tells(view([instance('web', { index: index + 1 })]))])
    expect(told.at(-1)).toBe('consul/service flapping web/web-1 flapping')
  })

  it('is not when the falls are far apart', () => {
    const history = new History(view([instance('web')]))
    const told = [60, 62, 64, 66].flatMap((created) => blink(history.wait(30), created))
    expect(told).toHaveLength(8)
  })
})

describe('what is remembered', () => {
  it('comes back from its rows as it was, pending absences and falls too', () => {
    const history = new History(view([instance('web'), instance('db', { node: 'n2' })], [member('n1'), member('n2')]))
    history.facts(view([], [member('n1')]))
    const again = emptyMemory()
    remember(again, editsOf(history.memory).map((edit) => editOf({ kind: edit.kind, key: edit.key, value: JSON.parse(JSON.stringify(rowOf(edit))) })))
    expect(again).toEqual(history.memory)
    expect(nextDue(again, patience)).toBe(NOON + 10_000)
  })

  it('refuses a row of another version', () => {
    expect(() => editOf({ kind: 'instance', key: 'x', value: ['n1'] })).toThrow(/a remembered row of Consul holds undefined; expected text/)
    expect(() => editOf({ kind: 'other', key: 'x', value: [] })).toThrow(/has the kind "other"; expected instance, gone, member, goneMember or flap/)
  })
})

/** Every remembered row as an edit. */
function editsOf(known: Known): Edit[] {
  return [
    ...[...known.instance].map(([key, value]): Edit => ({ kind: 'instance', key, value })),
    ...[...known.gone].map(([key, value]): Edit => ({ kind: 'gone', key, value })),
    ...[...known.member].map(([key, value]): Edit => ({ kind: 'member', key, value })),
    ...[...known.goneMember].map(([key, value]): Edit => ({ kind: 'goneMember', key, value })),
    ...[...known.flap].map(([key, value]): Edit => ({ kind: 'flap', key, value })),
  ]
}
