import type { Fact, Json } from './fact.ts'
import { buildEnvelope } from './envelope/build.ts'
import type { Table } from './envelope/table.ts'
import type { JournalClient } from './journal/client.ts'
import type { DeadRow, FactRow, Write } from './journal/messages.ts'
import type { Commit, Inherited, Journal, Remembered, StateRow } from './source.ts'

/** What is told about facts on their way into the journal. */
export interface LedgerEvents {
  readonly written: (events: ReadonlyMap<string, number>) => void
  readonly buried: (dead: readonly DeadRow[]) => void
  /** Asked about a source that was never read here. */
  readonly inherited: (source: string) => Promise<Inherited | null>
}

/** The journal as sources see it: facts become envelopes or dead letters, then one durable transaction. */
export function openLedger(client: JournalClient, table: Table, events: LedgerEvents): Journal {
  return {
    remember: async (source) => {
      const found = await remember(client, source)
      return found.cursor === null ? { ...found, inherited: await events.inherited(source) } : found
    },
    commit: async (commit) => {
      const { write, names } = writeOf(table, commit, Date.now())
      if (isNothing(write)) return
      const { repeated } = await client.ask<'write'>({ kind: 'write', write })
      events.written(countsOf(names, repeated))
      if (write.dead.length > 0) events.buried(write.dead)
    },
  }
}

async function remember(client: JournalClient, source: string): Promise<Remembered> {
  const rows: StateRow[] = []
  let after = { kind: '', key: '' }
  for (;;) {
    const page = await client.ask<'remember'>({ kind: 'remember', source, after })
    for (const { kind, key, value } of page.rows) rows.push({ kind, key, value: JSON.parse(value) })
    const last = page.rows.at(-1)
    if (page.isLast || last === undefined) return { cursor: page.cursor === null ? null : JSON.parse(page.cursor), rows }
    after = { kind: last.kind, key: last.key }
  }
}

/** `names` are those of the facts, in their order. */
function writeOf(table: Table, commit: Commit, at: number): { readonly write: Write; readonly names: readonly string[] } {
  const facts: FactRow[] = []
  const dead: DeadRow[] = []
  const names: string[] = []
  for (const fact of commit.facts) {
    const built = buildEnvelope(table, fact, at)
    if ('dead' in built) dead.push(built.dead)
    else {
      facts.push(built.row)
      names.push(nameOf(fact))
    }
  }
  const puts = commit.puts.map(({ kind, key, value }) => ({ kind, key, value: text(value) }))
  const deletes = commit.deletes.map(({ kind, key }) => ({ kind, key }))
  return { write: { source: commit.source, facts, dead, puts, deletes, cursor: commit.cursor === undefined ? null : text(commit.cursor) }, names }
}

/** How often each name was written; what was there before was not. */
function countsOf(names: readonly string[], repeated: readonly number[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const [at, name] of names.entries()) if (!repeated.includes(at)) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}

function isNothing({ facts, dead, puts, deletes, cursor }: Write): boolean {
  return facts.length + dead.length + puts.length + deletes.length === 0 && cursor === null
}

function nameOf(fact: Fact): string {
  return `${fact.event} ${fact.verb}`
}

function text(value: Json): string {
  return JSON.stringify(value)
}
