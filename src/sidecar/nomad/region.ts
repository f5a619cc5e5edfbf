import type { Log } from '../log.ts'
import type { Json } from '../fact.ts'
import type { Api } from './api.ts'
import { floorsOf, highest, type Cursor } from './cursor.ts'
import type { Desk } from './desk.ts'
import type { Moment } from './finding.ts'
import { judge, type Rules, type Step } from './judge.ts'
import type { Memory } from './memory.ts'
import { isEvent, type AllocRecord, type NomadRecord } from './record.ts'

/** One frame of the stream, reduced. */
export interface Frame {
  readonly index: number
  readonly events: readonly Json[]
}

/** What is known of one region, and where what is found out goes to. One at a time changes it. */
export class Region {
  readonly api: Api
  readonly memory: Memory
  readonly desk: Desk
  readonly rules: Rules
  readonly log: Log
  readonly counters = { frames: 0, events: 0, duplicates: 0, gaps: 0, resyncs: 0, audits: 0, unreadable: 0 }
  #cursor: Cursor | null
  #turn: Promise<unknown> = Promise.resolve()
  #turns = 0

  constructor(parts: { readonly api: Api; readonly memory: Memory; readonly desk: Desk; readonly rules: Rules; readonly log: Log; readonly cursor: Cursor | null }) {
    this.api = parts.api
    this.memory = parts.memory
    this.desk = parts.desk
    this.rules = parts.rules
    this.log = parts.log
    this.#cursor = parts.cursor
    this.desk.enter(parts.cursor?.era ?? 1)
  }

  /** Where it goes on; null before the first reading. */
  get cursor(): Cursor | null {
    return this.#cursor
  }

  /** Runs when everything before it has ended. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    this.#turns += 1
    const turn = this.#turn.then(work).finally(() => (this.#turns -= 1))
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  /** True while something is judged or written. */
  get isBusy(): boolean {
    return this.#turns > 0
  }

  /** What a moment of these servers is. */
  moment(more: Partial<Moment> & Pick<Moment, 'origin' | 'index'>): Moment {
    const era = this.#cursor?.era ?? 1
    return { topic: '', type: '', server: this.api.address, now: Date.now(), isReverted: false, era: era > 1 ? `@${era}` : '', ...more }
  }

  /** Judges one record and lays down what comes of it. */
  take(record: NomadRecord, moment: Moment, frame: ReadonlyMap<string, AllocRecord> = new Map(), isSilent = false): void {
    this.lay(judge(this.memory, frame, record, moment, this.rules, this.#cursor === null ? {} : floorsOf(this.#cursor)), moment, isSilent)
  }

  /** Lays down a step that was judged. */
  lay(step: Step, moment: Moment, isSilent = false): void {
    this.memory.apply(step)
    this.desk.lay(step, moment, isSilent)
  }

  /** Judges frames in their order and writes them; those below the cursor were written before. */
  async frames(frames: readonly Frame[]): Promise<void> {
    for (const frame of frames) {
      this.counters.frames += 1
      if (frame.index < (this.#cursor?.index ?? 0)) {
        this.counters.duplicates += 1
        continue
      }
      const reached = await this.#frame(frame)
      const known = this.#cursor ?? { era: 1, lists: {}, reached: {} }
      this.#cursor = { ...known, index: frame.index, reached: highest(known.reached, reached), heard: Date.now() }
    }
    await this.save()
  }

  /** Moves the cursor; it is written with the next save. */
  move(cursor: Cursor): void {
    this.#cursor = cursor
    this.desk.enter(cursor.era)
  }

  /** Writes what lies on the desk, and the cursor. */
  async save(): Promise<void> {
    if (this.#cursor === null) return this.desk.write()
    await this.desk.write({ ...this.#cursor, heard: Date.now() })
  }

  async #frame({ index, events }: Frame): Promise<Cursor['reached']> {
    const seen = events.filter(isEvent)
    const allocs = new Map(seen.flatMap(({ record }) => (record.kind === 'alloc' ? [[record.id, record] as const] : [])))
    for (const { topic, type, record } of seen) {
      this.counters.events += 1
      this.take(record, this.moment({ origin: 'stream', index, topic, type }), allocs)
      // What belongs to one object is written together; the cursor waits for the whole frame.
      if (this.desk.isFull) await this.desk.write()
    }
    return Object.fromEntries(seen.map(({ record }) => [record.kind, Math.min(record.modified, index)]))
  }
}
