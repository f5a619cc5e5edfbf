import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openDatabase } from '../../src/sidecar/journal/database.ts'
import type { FactRow } from '../../src/sidecar/journal/messages.ts'
import { DEAD_KEPT, Store } from '../../src/sidecar/journal/store.ts'
import { ownFolder } from './rig.ts'

let folder: ReturnType<typeof ownFolder>
let database: DatabaseSync
let store: Store

const open = (): void => {
  database = openDatabase(join(folder.path, 'journal.db'))
  store = new Store(database, 'n1')
}
beforeEach(() => {
  folder = ownFolder()
  open()
})
afterEach(() => {
  database.close()
  folder.remove()
})

const fact = (id: string, index: number, at: number, name = 'nomad:global'): FactRow => ({ id, name, sourceEpoch: 'global#1', index, at, body: JSON.stringify({ id }) })
const write = (...facts: readonly FactRow[]): { readonly written: number; readonly repeated: readonly number[] } => store.transact(() => store.write({ source: 'nomad:global', facts, dead: [], puts: [], deletes: [], cursor: null }))

/** What would be sent now, as `<number> <id>`. */
function waiting(): string[] {
  const { frame } = store.read(store.snapshot.acknowledged + 1, 1000, 1 << 20)
  if (frame === null) return []
  const { events }: { events: { seq: number; id: string; epoch: string }[] } = JSON.parse(Buffer.from(frame).toString('utf8', 4))
  for (const { epoch } of events) expect(epoch).toBe(store.snapshot.epoch)
  return events.map(({ seq, id }) => `${seq} ${id}`)
}

describe('numbers', () => {
  it('count without a gap; a fact that was journalled before takes none, also after a restart', () => {
    expect(write(fact('a', 1, 1), fact('b', 2, 2), fact('a', 1, 3))).toEqual({ written: 2, repeated: [2] })
    const { epoch } = store.snapshot
    database.close()
    open()
    expect(write(fact('b', 2, 4), fact('c', 3, 5))).toEqual({ written: 1, repeated: [0] })
    expect(waiting()).toEqual(['1 a', '2 b', '3 c'])
    expect(store.snapshot).toMatchObject({ epoch, last: 3, acknowledged: 0 })
    expect(store.isNew).toBe(false)
  })

  it('go on where they were when everything was acknowledged and swept', () => {
    write(fact('a', 1, 1), fact('b', 2, 2))
    store.transact(() => store.acknowledge(2, []))
    store.transact(() => store.compact(100, { rows: 0, ids: 100, before: 10, idsBefore: 0 }))
    database.close()
    open()
    write(fact('c', 3, 3))
    expect(waiting()).toEqual(['3 c'])
    expect(store.read(1, 10, 1000)).toEqual({ frame: null, to: 0, isGone: true })
  })

  it('are taken back with what they numbered when the transaction fails', () => {
    write(fact('a', 1, 1))
    expect(() =>
      store.transact(() => {
        store.write({ source: 's', facts: [fact('b', 2, 2)], dead: [], puts: [], deletes: [], cursor: null })
        throw new Error('no')
      }),
    ).toThrow('no')
    write(fact('c', 3, 3))
    expect(waiting()).toEqual(['1 a', '2 c'])
  })
})

describe('a frame', () => {
  it('holds as many rows as fit, and at least one', () => {
    write(...Array.from({ length: 10 }, (_, index) => fact(`id-${index}`, index, index)))
    expect(store.read(1, 4, 1 << 20).to).toBe(4)
    expect(store.read(1, 100, 1).to).toBe(1)
    expect(store.read(11, 100, 1)).toEqual({ frame: null, to: 10, isGone: false })
  })
})

describe('a standby that becomes active', () => {
  const minute = 60_000

  it('drops what the inbox provably has and numbers the rest into a new epoch', () => {
    write(fact('old', 10, 0), fact('older-index', 9, minute), fact('reached', 20, 10 * minute), fact('newer', 21, 11 * minute))
    store.transact(() => store.rebase('n2-new', 'waiting', { 'nomad:global': { epoch: 'global#1', index: 20 } }))
    expect(store.snapshot).toMatchObject({ epoch: 'n2-new', last: 2, acknowledged: 0 })
    expect(waiting()).toEqual(['1 reached', '2 newer'])
    write(fact('next', 22, 12 * minute))
    expect(waiting()).toEqual(['1 reached', '2 newer', '3 next'])
  })

  it('loses nothing when it is told so twice, as after an answer that came too late', () => {
    write(...Array.from({ length: 1000 }, (_, index) => fact(`done${index}`, index, index)))
    store.transact(() => store.acknowledge(1000, []))
    write(...Array.from({ length: 50 }, (_, index) => fact(`new${index}`, 1000 + index, 1000 + index)))
    for (const epoch of ['n2-a', 'n2-b']) expect(store.transact(() => store.rebase(epoch, 'waiting', {}))).toMatchObject({ kept: 50 })
    expect(waiting()).toHaveLength(50)
    expect(store.snapshot).toMatchObject({ epoch: 'n2-b', last: 50, depth: 50 })
  })

  it('keeps a fact that waited for its quiet time: its index is low, but it was written after what the inbox has', () => {
    write(fact('reached', 20, 10 * minute), fact('settled late', 15, 10 * minute + 30_000))
    store.transact(() => store.rebase('n2-new', 'waiting', { 'nomad:global': { epoch: 'global#1', index: 20 } }))
    expect(waiting()).toEqual(['1 reached', '2 settled late'])
  })

  it.each([
    ['another source', { 'consul:dc1': { epoch: 'global#1', index: 99 } }],
    ['another epoch of the cluster', { 'nomad:global': { epoch: 'global#2', index: 99 } }],
    ['an index that was never reached here', { 'nomad:global': { epoch: 'global#1', index: 5 } }],
  ])('keeps everything where the inbox knows %s', (_, cursors) => {
    write(fact('a', 10, 0), fact('b', 11, 10 * minute))
    store.transact(() => store.rebase('n2-new', 'waiting', cursors))
    expect(waiting()).toEqual(['1 a', '2 b'])
  })

  it('keeps the order in time when the clock jumps back', () => {
    write(fact('reached', 20, 100 * minute), fact('late', 15, 40 * minute))
    store.transact(() => store.rebase('n2-new', 'waiting', { 'nomad:global': { epoch: 'global#1', index: 20 } }))
    expect(waiting()).toEqual(['1 reached', '2 late'])
  })

  it('leaves behind what its engine acknowledged when it was active before', () => {
    write(fact('a', 1, 0), fact('b', 2, 1))
    store.transact(() => store.acknowledge(1, []))
    store.transact(() => store.rebase('n1-new', 'waiting', {}))
    expect(waiting()).toEqual(['1 b'])
  })

  it('forgets as standby what is old and in the inbox, and its own words', () => {
    write(fact('own', 0, 0, 'bridge'), fact('old', 10, 0), fact('reached', 20, 20 * minute), fact('newer', 21, 21 * minute))
    expect(store.transact(() => store.prune(11 * minute, { 'nomad:global': { epoch: 'global#1', index: 20 } }))).toEqual({ dropped: 2 })
    expect(store.snapshot.depth).toBe(2)
    store.transact(() => store.rebase('n2-new', 'waiting', {}))
    expect(waiting()).toEqual(['1 reached', '2 newer'])
  })
})

describe('sweeping', () => {
  it('keeps acknowledged rows by age and number, and never one that waits', () => {
    write(...Array.from({ length: 6 }, (_, index) => fact(`id-${index}`, index, index * 10)))
    store.transact(() => store.acknowledge(4, []))
    expect(store.transact(() => store.compact(100, { rows: 2, ids: 100, before: 0, idsBefore: 0 }))).toBe(2)
    expect(store.read(3, 10, 1 << 20).to).toBe(6)
    expect(store.transact(() => store.compact(100, { rows: 100, ids: 100, before: 25, idsBefore: 0 }))).toBe(1)
    expect(store.snapshot.first).toBe(4)
  })

  it('keeps ids by age and number', () => {
    write(...Array.from({ length: 6 }, (_, index) => fact(`id-${index}`, index, index * 10)))
    store.transact(() => store.compact(100, { rows: 100, ids: 4, before: 0, idsBefore: 0 }))
    expect(write(fact('id-1', 1, 60), fact('id-2', 2, 60))).toEqual({ written: 1, repeated: [1] })
  })
})

describe('dead letters', () => {
  it('take what the engine refused out of the outbox with its reason', () => {
    write(fact('a', 1, 1), fact('b', 2, 2))
    const { buried } = store.transact(() => store.acknowledge(2, [{ seq: 2, code: 'EOS702', reason: 'no' }]))
    expect(buried).toMatchObject([{ id: 'b', code: 'EOS702', reason: 'no', name: 'nomad:global', body: '{"id":"b"}' }])
    expect(store.snapshot).toMatchObject({ dead: 1, acknowledged: 2 })
  })

  it('are bounded', () => {
    const dead = Array.from({ length: DEAD_KEPT + 5 }, (_, index) => ({ id: String(index), name: 's', code: 'EOS630', reason: '', at: index, body: '' }))
    store.transact(() => store.write({ source: 's', facts: [], dead, puts: [], deletes: [], cursor: null }))
    expect(store.snapshot.dead).toBe(DEAD_KEPT)
    expect(database.prepare('SELECT min(n) AS least, count(*) AS count FROM dead').get()).toEqual({ least: 6, count: DEAD_KEPT })
  })
})
