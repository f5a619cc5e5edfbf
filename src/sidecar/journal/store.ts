import type { DatabaseSync } from 'node:sqlite'
import { newEpoch } from './epoch.ts'
import { batchFrame, type Sendable } from './frame.ts'
import type { Answers, Cursors, DeadRow, Keep, Refused, Snapshot, Write } from './messages.ts'
import { numberOf, textOf } from './rows.ts'
import { prepare, type Statements } from './statements.ts'

/** How many remembered objects go over to the main thread at once. */
const PAGE = 1000
/** Dead letters beyond this number are dropped, oldest first. */
export const DEAD_KEPT = 10_000

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** The tables of one open journal; everything that writes is called between `begin` and `commit`. */
export class Store {
  readonly #database: DatabaseSync
  readonly #do: Statements
  #now: Mutable<Snapshot>
  #before: Snapshot
  #at: number
  /** True when the file had no epoch yet: it is new. */
  readonly isNew: boolean

  constructor(database: DatabaseSync, instance: string) {
    this.#database = database
    this.#do = prepare(database)
    const epoch = this.#do.metaGet.get('epoch')
    this.isNew = epoch === undefined
    const acknowledged = this.#meta('acknowledged')
    this.#now = {
      epoch: epoch === undefined ? newEpoch(instance) : textOf(epoch, 'value'),
      last: this.#meta('last'),
      acknowledged,
      first: this.#first(acknowledged),
      depth: 0,
      dead: numberOf(this.#do.deadCount.get() ?? {}, 'count'),
      duplicates: 0,
      groups: 0,
      writes: 0,
    }
    this.#now.depth = this.#depth()
    this.#before = { ...this.#now }
    this.#at = numberOf(this.#do.outboxLatest.get() ?? {}, 'at')
    if (this.isNew) this.transact(() => this.#do.metaPut.run('epoch', this.#now.epoch))
  }

  get snapshot(): Snapshot {
    return { ...this.#now }
  }

  /** Runs `work` in one transaction that is on the disk when it returns; after an error nothing has happened. */
  transact<T>(work: () => T): T {
    this.#before = { ...this.#now }
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      const result = work()
      this.#keepNumbers()
      this.#database.exec('COMMIT')
      this.#now.groups += 1
      return result
    } catch (thrown) {
      this.#now = { ...this.#before }
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw thrown
    }
  }

  /** Numbers the facts that were never seen before; writes them with state, cursor and dead letters. */
  write({ source, facts, dead, puts, deletes, cursor }: Write): Answers['write'] {
    const repeated: number[] = []
    for (const [place, { id, name, sourceEpoch, index, at: told, body }] of facts.entries()) {
      const at = this.#later(told)
      if (this.#do.seenAdd.run(id, at).changes === 0) {
        repeated.push(place)
        continue
      }
      this.#now.last += 1
      this.#do.outboxAdd.run(this.#now.last, id, name, sourceEpoch, index, at, body)
    }
    for (const { kind, key } of deletes) this.#do.stateDrop.run(source, kind, key)
    for (const { kind, key, value } of puts) this.#do.statePut.run(source, kind, key, value)
    for (const row of dead) this.#bury(row)
    if (cursor !== null) this.#do.cursorPut.run(source, cursor)
    const written = facts.length - repeated.length
    this.#now.depth += written
    this.#now.duplicates += repeated.length
    this.#now.writes += 1
    return { written, repeated }
  }

  /** Marks everything up to `seq` as taken by the engine; what it refused becomes a dead letter. */
  acknowledge(seq: number, refused: readonly Refused[]): Answers['acknowledge'] {
    const buried = refused.flatMap((one) => {
      const row = this.#do.outboxOne.get(one.seq)
      if (row === undefined) return []
      const { code, reason } = one
      return [{ id: textOf(row, 'id'), name: textOf(row, 'name'), code, reason, at: Date.now(), body: textOf(row, 'body') }]
    })
    for (const row of buried) this.#bury(row)
    this.#now.acknowledged = Math.max(this.#now.acknowledged, Math.min(seq, this.#now.last))
    this.#now.depth = this.#now.last - this.#now.acknowledged
    return { buried }
  }

  /** A frame with rows from `from` on, as many as fit. */
  read(from: number, limit: number, bytes: number): Answers['read'] {
    const rows: Sendable[] = []
    let size = 0
    for (const row of this.#do.outboxFrom.iterate(from, limit)) {
      const body = textOf(row, 'body')
      size += Buffer.byteLength(body) + 100
      if (rows.length > 0 && size > bytes) break
      rows.push({ seq: numberOf(row, 'seq'), body })
    }
    const first = rows[0]
    const last = rows.at(-1)
    if (first === undefined || last === undefined) return { frame: null, to: from - 1, isGone: from <= this.#now.last }
    if (first.seq !== from || last.seq !== from + rows.length - 1) return { frame: null, to: from - 1, isGone: true }
    return { frame: batchFrame(this.#now.epoch, rows), to: last.seq, isGone: false }
  }

  /** One page of what a source has committed, after that key. */
  remember(source: string, after: { readonly kind: string; readonly key: string }): Answers['remember'] {
    const cursor = this.#do.cursorGet.get(source)
    const rows = this.#do.statePage.all(source, after.kind, after.key, PAGE).map((row) => ({ kind: textOf(row, 'kind'), key: textOf(row, 'key'), value: textOf(row, 'value') }))
    return { cursor: cursor === undefined ? null : textOf(cursor, 'value'), rows, isLast: rows.length < PAGE }
  }

  /**
   * Starts a new epoch: rows that the engine has acknowledged are behind us unless all are kept, rows that the inbox provably has are
   * dropped, the rest is numbered 1, 2, 3, … Each row moves down in order, so no two ever share a number. Done twice, it keeps the same.
   */
  rebase(epoch: string, keep: Keep, cursors: Cursors): Answers['rebase'] {
    if (keep === 'waiting') this.#do.outboxBelow.run(this.#now.acknowledged + 1)
    const dropped = this.#drop(Number.MAX_SAFE_INTEGER, cursors)
    let kept = 0
    let seq = numberOf(this.#do.outboxNext.get(0) ?? {}, 'seq')
    while (seq > 0) {
      kept += 1
      if (seq !== kept) this.#do.outboxMove.run(kept, seq)
      seq = numberOf(this.#do.outboxNext.get(seq) ?? {}, 'seq')
    }
    this.#do.metaPut.run('epoch', epoch)
    Object.assign(this.#now, { epoch, last: kept, acknowledged: 0, first: 1, depth: kept })
    return { dropped, kept }
  }

  /** Drops what a standby need not keep: rows older than `before` that the inbox provably has. The numbers keep their holes. */
  prune(before: number, cursors: Cursors): Answers['prune'] {
    // What the standby said about itself is of no use to anybody later.
    const own = Number(this.#do.outboxOwn.run(before).changes)
    const dropped = own + this.#drop(before, cursors)
    this.#now.depth = this.#depth()
    return { dropped }
  }

  /** Deletes at most `limit` rows of each kind that nobody needs any more; returns how many were deleted. */
  compact(limit: number, rules: { readonly rows: number; readonly ids: number; readonly before: number; readonly idsBefore: number }): number {
    const { acknowledged } = this.#now
    const old = this.#do.outboxOld.run(acknowledged, limit, acknowledged - rules.rows, rules.before)
    const ids = this.#do.seenOld.run(limit, rules.idsBefore, rules.ids)
    this.#now.first = this.#first(acknowledged)
    return Number(old.changes) + Number(ids.changes)
  }

  /** When the oldest fact that waits for the engine was written. */
  oldest(): Answers['oldest'] {
    const row = this.#do.outboxAt.get(this.#now.acknowledged)
    return { at: row === undefined ? null : numberOf(row, 'at') }
  }

  /** Pages of the file that hold nothing. */
  freePages(): number {
    return numberOf(this.#do.freePages.get() ?? {}, 'freelist_count')
  }

  #bury({ id, name, code, reason, at, body }: DeadRow): void {
    this.#do.deadAdd.run(id, name, code, reason, at, body)
    this.#now.dead += 1
    if (this.#now.dead > DEAD_KEPT) this.#now.dead -= Number(this.#do.deadDrop.run().changes)
  }

  /**
   * The inbox holds a beginning of what the other half wrote, in its order. So it has a row of ours if ours was written well before
   * we saw the highest index that the inbox has of that source; its index alone would prove nothing, because a fact that waited for
   * its quiet time is written later than facts with a higher index.
   */
  #drop(before: number, cursors: Cursors): number {
    let dropped = 0
    for (const [name, { epoch, index }] of Object.entries(cursors)) {
      const row = this.#do.outboxReached.get(name, epoch, index)
      if (row === undefined) continue
      const reached = numberOf(row, 'at') - MARGIN
      dropped += Number(this.#do.outboxDrop.run(name, epoch, index, Math.min(reached, before)).changes)
    }
    return dropped
  }

  /** The clock may jump; the order of our own rows in time may not. */
  #later(at: number): number {
    this.#at = Math.max(this.#at, at)
    return this.#at
  }

  #first(acknowledged: number): number {
    const row = this.#do.outboxNext.get(0) ?? {}
    return numberOf(row, 'seq') || acknowledged + 1
  }

  #depth(): number {
    return numberOf(this.#do.outboxCount.get(this.#now.acknowledged) ?? {}, 'count')
  }

  #keepNumbers(): void {
    if (this.#now.last !== this.#before.last) this.#do.metaPut.run('last', String(this.#now.last))
    if (this.#now.acknowledged !== this.#before.acknowledged) this.#do.metaPut.run('acknowledged', String(this.#now.acknowledged))
  }

  #meta(key: string): number {
    const row = this.#do.metaGet.get(key)
    return row === undefined ? 0 : Number(textOf(row, 'value'))
  }
}

/** Milliseconds by which two halves of a pair may differ in when they write the same fact: quiet times and a resync. */
const MARGIN = 120_000
