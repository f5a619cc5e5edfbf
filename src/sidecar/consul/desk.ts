import { setTimeout as pause } from 'node:timers/promises'
import { randomBytes } from '../crypto.ts'
import type { Fact, Json, Seen } from '../fact.ts'
import type { Journal } from '../source.ts'
import { bridgeFact } from './bridge-fact.ts'
import { epochNumber, packCursor, START, unpackCursor, type Cursor } from './cursor.ts'
import { wentBack, type Indexes } from './guard.ts'
import { judge, nextDue } from './judge.ts'
import type { Judgement, Moment, Patience } from './moment.ts'
import { emptyMemory, remember, type Known, type Memory, type View } from './record.ts'
import { editOf, rowOf } from './row.ts'

/** What a view was read under, for the judge. */
export interface Taken {
  readonly origin: Fact['origin']
  readonly indexes: Indexes
  readonly proof: readonly string[] | null
  readonly evidence: readonly string[]
  /** The servers were restored or rebuilt: with this view a new epoch begins. */
  readonly isReverted: boolean
  readonly server: string
}

/** What the first view of a new journal cannot tell. */
const UNSEEN = 'this journal is new; told is what was registered since, and what is not well and was written since; what was removed or became well meanwhile is in no list, so compare'
/** How often the cursor is written when nothing else is. */
const CURSOR_PAUSE = 60_000

/** What the source remembers, and the only place where it writes: one transaction per view. */
export class Desk {
  readonly name: string
  readonly #datacenter: string
  readonly #journal: Journal
  readonly #patience: Patience
  readonly #run = randomBytes(4).toString('hex')
  readonly #memory: Memory = emptyMemory()
  #cursor: Cursor = START
  /** Index up to which another journal has told of this datacenter, where this one is new. */
  #inherited: number | null = null
  #isNew = true
  #writtenAt = 0
  #newest = 0
  facts = 0

  constructor(datacenter: string, journal: Journal, patience: Patience) {
    this.name = `consul:${datacenter}`
    this.#datacenter = datacenter
    this.#journal = journal
    this.#patience = patience
  }

  /** Brings back what was committed before this process started. */
  async open(): Promise<void> {
    const { cursor, rows, inherited = null } = await this.#journal.remember(this.name)
    const found = unpackCursor(cursor)
    if (found === null) {
      if (inherited === null || inherited.index === 0) return
      // Whoever counted the epochs before us goes on to be right: ids have their number.
      this.#cursor = { ...START, epoch: epochNumber(this.#datacenter, inherited.epoch) }
      this.#inherited = inherited.index
      return
    }
    remember(this.#memory, rows.map(editOf))
    this.#cursor = found
    this.#newest = newest(found.indexes)
    this.#isNew = false
  }

  get known(): Known {
    return this.#memory
  }

  get cursor(): Cursor {
    return this.#cursor
  }

  get index(): number {
    return this.#newest
  }

  /** When something is due without any news, by our clock. */
  get due(): number {
    return nextDue(this.#memory, this.#patience)
  }

  /** Says that lists which the leader vouches for are older than what was told: the servers were restored or rebuilt. */
  isOlder(indexes: Indexes): boolean {
    return this.#isNew ? newest(indexes) < this.#toldTo : wentBack(this.#cursor.indexes, indexes)
  }

  /** What a view would lead to; nothing is written. */
  look(view: View, taken: Taken): Judgement {
    return judge(this.#memory, view, this.#moment(taken))
  }

  /** Judges a view and commits what it leads to; returns what is still doubtful. A new epoch and what it took are one commit: half of it would be told as removed by somebody. */
  async settle(view: View, taken: Taken): Promise<Judgement> {
    const judgement = this.look(view, taken)
    const facts = [...this.#turnOf(taken), ...this.#gapOf(taken), ...judgement.facts]
    const cursor = { ...this.#cursor, epoch: this.#epochOf(taken), indexes: taken.isReverted ? taken.indexes : later(this.#cursor.indexes, taken.indexes) }
    const isQuiet = facts.length + judgement.edits.length === 0 && !this.#isNew
    if (!isQuiet || Date.now() - this.#writtenAt >= CURSOR_PAUSE) {
      await this.#commit(facts, judgement, cursor)
      remember(this.#memory, judgement.edits)
    }
    this.#cursor = cursor
    this.#newest = newest(cursor.indexes)
    this.#isNew = false
    return judgement
  }

  /** Notes who the token is from now on. */
  async adopt(identity: Cursor['identity']): Promise<void> {
    this.#cursor = { ...this.#cursor, identity }
    if (!this.#isNew) await this.#commit([], { edits: [] }, this.#cursor)
  }

  /** The servers were restored or rebuilt: the new epoch says so. */
  #turnOf(taken: Taken): Fact[] {
    if (!taken.isReverted) return []
    const { indexes, server } = taken
    const epoch = this.#epochOf(taken)
    const detail = `${this.#datacenter}#${epoch} after ${this.#datacenter}#${this.#cursor.epoch}: ${server} vouches for older lists; the servers were restored or rebuilt`
    return [bridgeFact({ verb: 'epoch', cause: 'restore', detail, from: this.#toldTo, to: newest(indexes) }, this.#seen(taken, ''), `${this.#run}:${epoch}`, Date.now())]
  }

  /** This journal is new while facts of this datacenter were delivered from another: nobody saw what was removed since. */
  #gapOf(taken: Taken): Fact[] {
    const to = newest(taken.indexes)
    const from = this.#toldTo
    if (!this.#isNew || this.#inherited === null || to <= from) return []
    return [bridgeFact({ verb: 'gap', cause: 'journal_new', detail: UNSEEN, from, to }, this.#seen(taken, ''), `${this.#epochOf(taken)}:${from}:${to}:journal_new`, Date.now())]
  }

  /** Highest index of which everything was told, here or from another journal. */
  get #toldTo(): number {
    return this.#isNew ? (this.#inherited ?? 0) : newest(this.#cursor.indexes)
  }

  async #commit(facts: readonly Fact[], { edits }: Pick<Judgement, 'edits'>, cursor: Cursor): Promise<void> {
    const rows = new Map<string, { readonly kind: string; readonly key: string; readonly value: Json }>()
    for (const edit of edits) rows.set(`${edit.kind} ${edit.key}`, { kind: edit.kind, key: edit.key, value: rowOf(edit) })
    const all = [...rows.values()]
    const puts = all.filter(({ value }) => value !== null)
    const deletes = all.filter(({ value }) => value === null).map(({ kind, key }) => ({ kind, key }))
    await this.#journal.commit({ source: this.name, facts, puts, deletes, cursor: packCursor(cursor) })
    this.facts += facts.length
    this.#writtenAt = Date.now()
  }

  #moment(taken: Taken): Moment {
    const { origin, proof, evidence, isReverted } = taken
    return {
      datacenter: this.#datacenter,
      source: this.#seen(taken),
      origin,
      now: Date.now(),
      seen: this.#cursor.indexes.checks,
      isBaseline: this.#isNew,
      toldTo: this.#isNew && !isReverted ? this.#inherited : null,
      isReverted,
      proof,
      evidence,
      patience: this.#patience,
    }
  }

  #seen(taken: Taken, server = taken.server): Seen {
    return { kind: 'consul', name: this.name, epoch: `${this.#datacenter}#${this.#epochOf(taken)}`, index: newest(taken.indexes), ...(server === '' ? {} : { server }) }
  }

  #epochOf({ isReverted }: Taken): number {
    return this.#cursor.epoch + (isReverted ? 1 : 0)
  }
}

/** A pause that ends early when the source stops. */
export async function rest(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await pause(milliseconds, undefined, { signal })
  } catch {
    // The source stops: whoever rests looks at the signal next.
  }
}

function later(before: Indexes, after: Indexes): Indexes {
  return { checks: Math.max(before.checks, after.checks), names: Math.max(before.names, after.names), nodes: Math.max(before.nodes, after.nodes) }
}

function newest({ checks, names, nodes }: Indexes): number {
  return Math.max(checks, names, nodes)
}
