import { setTimeout as pause } from 'node:timers/promises'
import type { Fact, Json } from '../../../src/sidecar/fact.ts'
import type { Commit, Inherited, Journal, Remembered, StateRow } from '../../../src/sidecar/source.ts'

/** A journal in memory: it keeps what a source commits, as the real one would give it back after a restart. */
export class RecordingJournal implements Journal {
  readonly facts: Fact[] = []
  readonly rows = new Map<string, StateRow>()
  /** How far another journal has brought the inbox. */
  readonly #inherited: Inherited | null
  cursor: Json = null
  commits = 0

  constructor(inherited: Inherited | null = null) {
    this.#inherited = inherited
  }

  remember(): Promise<Remembered> {
    return Promise.resolve({ cursor: this.cursor, rows: [...this.rows.values()], inherited: this.cursor === null ? this.#inherited : null })
  }

  commit({ facts, puts, deletes, cursor }: Commit): Promise<void> {
    this.commits += 1
    this.facts.push(...facts)
    for (const { kind, key } of deletes) this.rows.delete(`${kind} ${key}`)
    for (const row of puts) this.rows.set(`${row.kind} ${row.key}`, { ...row, value: JSON.parse(JSON.stringify(row.value)) })
    if (cursor !== undefined) this.cursor = JSON.parse(JSON.stringify(cursor))
    return Promise.resolve()
  }

  /** The facts since a moment, one line each: event, verb, subject, cause, and whether it is settled. */
  brief(since = 0): string[] {
    return this.facts.slice(since).map(brief)
  }

  /** Waits for a line among the facts since a moment. */
  async told(line: string | RegExp, within = 20_000, since = 0): Promise<Fact> {
    const end = performance.now() + within
    while (performance.now() < end) {
      const found = this.facts.slice(since).find((fact) => (typeof line === 'string' ? brief(fact) === line : line.test(brief(fact))))
      if (found !== undefined) return found
      await pause(50)
    }
    throw new Error(`nobody told ${String(line)} within ${within} ms; told was:\n${this.brief(since).join('\n')}`)
  }
}

/** One fact in one line. */
export function brief(fact: Fact): string {
  const about = fact.event === 'consul/service' ? `${fact.subject.service}/${fact.subject.instance}` : fact.event === 'consul/node' ? fact.subject.node : ''
  return [fact.event, fact.verb, about, fact.verdict.cause, ...(fact.settled ? [] : ['unsettled'])].join(' ')
}
