import type { Fact, Json } from './fact.ts'
import { buildEnvelope } from './envelope/build.ts'
import type { Table } from './envelope/table.ts'
import type { JournalClient } from './journal/client.ts'
import type { DeadRow, FactRow, Write } from './journal/messages.ts'
import type { Commit, Journal, Remembered, StateRow } from './source.ts'

/** What is told about facts on their way into the journal. */
export interface LedgerEvents {
  readonly written: (events: ReadonlyMap<string, number>) => void
  readonly buried: (dead: readonly DeadRow[]) => void
}

/** The journal as sources see it: facts become envelopes or dead letters, then one durable transaction. */
export function openLedger(client: JournalClient, table: Table, events: LedgerEvents): Journal {
  return {
    remember: (source) => remember(client, source),
    commit: async (commit) => {
      const { write, counts } = writeOf(table, commit, Date.now())
      if (isNothing(write)) return
      await client.ask<'write'>({ kind: 'write', write })
      events.written(counts)
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

function writeOf(table: Table, commit: Commit, at: number): { readonly write: Write; readonly counts: Map<string, number> } {
  const facts: FactRow[] = []
  const dead: DeadRow[] = []
  const counts = new Map<string, number>()
  for (const fact of commit.facts) {
    const built = buildEnvelope(table, fact, at)
    if ('dead' in built) dead.push(built.dead)
    else facts.push(built.row)
    if ('row' in built) counts.set(nameOf(fact), (counts.get(nameOf(fact)) ?? 0) + 1)
  }
  const puts = commit.puts.map(({ kind, key, value }) => ({ kind, key, value: text(value) }))
  const deletes = commit.deletes.map(({ kind, key }) => ({ kind, key }))
  return { write: { source: commit.source, facts, dead, puts, deletes, cursor: commit.cursor === undefined ? null : text(commit.cursor) }, counts }
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
