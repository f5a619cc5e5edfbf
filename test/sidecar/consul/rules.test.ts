import { describe, expect, it } from 'vitest'
import { answerOf, type Answer } from '../../../src/sidecar/consul/answer.ts'
import { Bucket } from '../../../src/sidecar/consul/bucket.ts'
import { packCursor, START, unpackCursor } from '../../../src/sidecar/consul/cursor.ts'
import { distrust, isMass, nextIndex, standingOf, wentBack } from '../../../src/sidecar/consul/guard.ts'
import { allocOf } from '../../../src/sidecar/consul/instance-fact.ts'
import { Lists } from '../../../src/sidecar/consul/lists.ts'
import { Line } from '../../../src/sidecar/consul/line.ts'
import { History, instance, member, view } from './views.ts'

describe('an answer', () => {
  const good = { 'x-consul-index': '7', 'x-consul-knownleader': 'true', 'x-consul-lastcontact': '0', 'x-consul-effective-consistency': 'leader' }

  it.each([
    { headers: good, want: undefined },
    { headers: { ...good, 'x-consul-results-filtered-by-acls': 'true' }, want: 'filtered' },
    { headers: { ...good, 'x-consul-knownleader': 'false' }, want: 'stale' },
    { headers: { 'x-consul-index': '7' }, want: 'stale' },
    { headers: { ...good, 'x-consul-effective-consistency': 'stale', 'x-consul-lastcontact': '5000' }, want: undefined },
    { headers: { ...good, 'x-consul-effective-consistency': 'stale', 'x-consul-lastcontact': '5001' }, want: 'stale' },
  ])('with $headers is distrusted as $want', ({ headers, want }) => {
    expect(distrust(answerOf('/v1/x', 'https://a', headers, null))?.cause).toBe(want)
  })
})

describe('the index to ask with', () => {
  it.each([
    { asked: 0, answered: 0, want: 1 },
    { asked: 0, answered: 7, want: 7 },
    { asked: 7, answered: 7, want: 7 },
    { asked: 7, answered: 9, want: 9 },
    { asked: 7, answered: 6, want: 0 },
    { asked: 7, answered: 0, want: 0 },
  ])('after $answered for $asked is $want', ({ asked, answered, want }) => {
    expect(nextIndex(asked, answered)).toBe(want)
  })

  it('is forgotten when another agent is asked, once for each failure', () => {
    const line = new Line(['a', 'b'])
    expect([line.address, line.other, line.generation]).toEqual(['a', 'b', 0])
    line.failed(0)
    line.failed(0)
    expect([line.address, line.other, line.generation]).toEqual(['b', 'a', 1])
  })

  it('is forgotten after a failure of the only agent, too', () => {
    const line = new Line(['a'])
    line.failed(0)
    expect([line.address, line.other, line.generation]).toEqual(['a', 'a', 1])
  })
})

describe('the newest answers', () => {
  const list = (index: number, health = 'passing'): Answer => answerOf('/v1/health/state/any', 'https://a', { 'x-consul-index': String(index) }, { agents: [], instances: [['n1', 'web-1', 'web', 'default', 'default', health, 20, 20, false, 0]] })
  const lists = (): Lists => new Lists({ address: 'https://a', checks: list(50), names: list(50), nodes: list(50), bare: [] })
  const health = (made: Lists): string[] => [...made.view().instances.values()].map((one) => one.health)

  it('make the view; an older one that arrives late does not', () => {
    const made = lists()
    expect(made.take('checks', list(49, 'critical'))).toBe(false)
    expect(health(made)).toEqual(['passing'])
    expect(made.take('checks', list(51, 'critical'))).toBe(true)
    expect(health(made)).toEqual(['critical'])
  })

  it('of a watched service stand above the list of all while they are newer', () => {
    const made = lists()
    made.watch('web', list(51, 'critical'))
    expect(health(made)).toEqual(['critical'])
    made.take('checks', list(52, 'warning'))
    expect(health(made)).toEqual(['warning'])
  })

  it('say when the services without checks are to be read again', () => {
    const made = lists()
    expect(made.isBareOld).toBe(false)
    made.take('names', list(51))
    expect(made.isBareOld).toBe(true)
    made.takeBare([], 51)
    expect(made.isBareOld).toBe(false)
    made.take('names', list(52))
    made.takeBare([], 51)
    expect(made.isBareOld).toBe(true)
  })
})

describe('too much at once', () => {
  it.each([
    { of: 20, missing: 10, want: false },
    { of: 20, missing: 11, want: true },
    { of: 100, missing: 30, want: false },
    { of: 100, missing: 31, want: true },
    { of: 5, missing: 5, want: false },
  ])('$missing of $of instances: $want', ({ of, missing, want }) => {
    const { memory } = new History(view(Array.from({ length: of }, (_, number) => instance(`s${number}`))))
    expect(isMass(memory, { instances: [...memory.instance.keys()].slice(0, missing), members: [], isDue: false })).toBe(want)
  })

  it('counts what is on missing nodes', () => {
    const { memory } = new History(view(Array.from({ length: 20 }, (_, number) => instance(`s${number}`)), [member('n1')]))
    expect(isMass(memory, { instances: [], members: [...memory.member.keys()], isDue: false })).toBe(true)
  })
})

describe('who the token is', () => {
  const known = { accessor: 'a', digest: '1' }

  it.each([
    { expected: null, found: known, want: 'expected' },
    { expected: known, found: known, want: 'expected' },
    { expected: known, found: { accessor: 'b', digest: '2' }, want: 'rotated' },
    { expected: known, found: { accessor: 'a', digest: '2' }, want: 'rotated' },
    { expected: known, found: { accessor: 'b', digest: '1' }, want: 'changed' },
  ])('$found after $expected is $want', ({ expected, found, want }) => {
    expect(standingOf(expected, found)).toBe(want)
  })
})

describe('small things', () => {
  it('a bucket lets two pass and then one a second; a clock that is set back gives nothing', () => {
    const bucket = new Bucket(2, 1000, 0)
    expect([bucket.take(0), bucket.take(0), bucket.take(0), bucket.take(0)]).toEqual([0, 0, 1000, 2000])
    expect(bucket.take(10_000)).toBe(0)
    expect([bucket.take(5000), bucket.take(5000)]).toEqual([0, 1000])
  })

  it('one list that is older is enough to have gone back', () => {
    const before = { checks: 5, names: 5, nodes: 5 }
    expect(wentBack(before, before)).toBe(false)
    for (const name of ['checks', 'names', 'nodes'] as const) expect(wentBack(before, { checks: 9, names: 9, nodes: 9, [name]: 4 })).toBe(true)
  })

  it('a cursor comes back as it was; what is none begins anew', () => {
    const cursor = { epoch: 2, indexes: { checks: 1, names: 2, nodes: 3 }, identity: { accessor: 'a', digest: '1' } }
    expect(unpackCursor(packCursor(cursor))).toEqual(cursor)
    expect(unpackCursor(packCursor(START))).toEqual(START)
    expect([unpackCursor(null), unpackCursor('x'), unpackCursor({ epoch: 'x' })]).toEqual([null, null, null])
  })

  it.each([
    ['_nomad-task-5b9c5dd2-1c80-4b0a-9c3e-0a3d4f2f6a11-group-api-web-http', '5b9c5dd2-1c80-4b0a-9c3e-0a3d4f2f6a11'],
    ['_nomad-task-5b9c5dd2-1c80-4b0a-9c3e-0a3d4f2f6a11-srv-web-http-sidecar-proxy', '5b9c5dd2-1c80-4b0a-9c3e-0a3d4f2f6a11'],
    ['_nomad-server-abc', null],
    ['web-1', null],
  ])('%s was registered by allocation %s', (id, alloc) => {
    expect(allocOf(id)).toBe(alloc)
  })
})
