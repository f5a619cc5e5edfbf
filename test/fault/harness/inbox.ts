import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { envelopeOf, type Envelope } from './envelope.ts'

/** Envelopes of the real engine's inbox in the order of its rows, read as the runner reads them; none before it exists. */
export function readInbox(path: string): Envelope[] {
  return ask(path, 'SELECT body FROM events ORDER BY row').map(({ body }) => envelopeOf(JSON.parse(String(body))))
}

/** How many rows a table of the inbox has. */
export function countInbox(path: string, table: 'events' | 'dead'): number {
  return Number(ask(path, `SELECT count(*) AS count FROM ${table}`)[0]?.['count'] ?? 0)
}

function ask(path: string, query: string): Record<string, unknown>[] {
  if (!existsSync(path)) return []
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    return database.prepare(query).all()
  } finally {
    database.close()
  }
}
