import type { Fact, FactOf } from '../fact.ts'
import type { Commit, Journal } from '../source.ts'
import { epochName, type Cursor } from './cursor.ts'
import type { Finding, Moment } from './finding.ts'
import { keyOf, stateRow, type Row } from './memory.ts'
import type { Step } from './judge.ts'

/** Facts and rows in one commit: more would hold the main thread while they are prepared. */
const MOST = 300

/** Puts place and moment on what judges found, and writes it with the rows that changed, in portions; the cursor comes with the last one. */
export class Desk {
  readonly #journal: Journal
  readonly #region: string
  readonly #name: string
  readonly #facts: Fact[] = []
  readonly #rows = new Map<string, { readonly row: Row; readonly isKept: boolean }>()
  #era = 1

  constructor(journal: Journal, region: string) {
    this.#journal = journal
    this.#region = region
    this.#name = `nomad:${region}`
  }

  /** Facts from now on belong to this epoch. */
  enter(era: number): void {
    this.#era = era
  }

  /** True when a portion is full. */
  get isFull(): boolean {
    return this.#facts.length + this.#rows.size >= MOST
  }

  /** Lays down one step; a silent one keeps its rows only. */
  lay(step: Step, moment: Moment, isSilent = false): void {
    if (!isSilent) for (const finding of step.findings) this.#facts.push(this.#factOf(finding, moment))
    for (const row of step.deletes) this.#rows.set(`${row.kind} ${keyOf(row)}`, { row, isKept: false })
    for (const row of step.puts) this.#rows.set(`${row.kind} ${keyOf(row)}`, { row, isKept: true })
  }

  /** Lays down what the source says about itself. */
  say(note: Pick<FactOf<'bridge'>, 'verb' | 'mark'> & FactOf<'bridge'>['verdict'] & Partial<FactOf<'bridge'>['change']>, index: number, server: string): void {
    const { verb, mark, cause, detail, from = null, to = null, count = 0 } = note
    const observed = new Date().toISOString()
    this.#facts.push({
      event: 'bridge',
      verb,
      subject: { source: this.#name },
      verdict: { cause, detail },
      change: { from, to, count },
      links: { ids: [] },
      mark,
      origin: 'self',
      source: { kind: 'nomad', name: this.#name, epoch: epochName(this.#region, this.#era), index, server },
      time: { occurred: observed, observed, clock: 'sidecar' },
      settled: true,
      coalesced: 0,
      evidence: [`nomad:${index}`],
    })
  }

  /** Writes what lies here; resolves when it is on the disk. */
  async write(cursor?: Cursor): Promise<void> {
    const facts = this.#facts.splice(0)
    const rows = [...this.#rows.values()]
    this.#rows.clear()
    if (facts.length + rows.length === 0 && cursor === undefined) return
    const commit: Commit = {
      source: this.#name,
      facts,
      puts: rows.filter(({ isKept }) => isKept).map(({ row }) => stateRow(row)),
      deletes: rows.filter(({ isKept }) => !isKept).map(({ row }) => ({ kind: row.kind, key: keyOf(row) })),
      ...(cursor === undefined ? {} : { cursor }),
    }
    await this.#journal.commit(commit)
  }

  #factOf({ occurred, clock, ...finding }: Finding, moment: Moment): Fact {
    const { origin, index, topic, type, server, now } = moment
    const observed = new Date(now).toISOString()
    return {
      ...finding,
      origin,
      source: { kind: 'nomad', name: this.#name, epoch: epochName(this.#region, this.#era), index, ...(topic === '' ? {} : { topic }), ...(type === '' ? {} : { type }), ...(server === '' ? {} : { server }) },
      time: { occurred, observed, clock },
      evidence: [`nomad:${index}`],
    }
  }
}
