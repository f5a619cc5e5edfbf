import { Damage } from './rows.ts'

// SQLite's primary result codes, https://www.sqlite.org/rescode.html
const WAITS = new Map([
  [8, 'the disk is read-only'],
  [10, 'the disk reports an error'],
  [13, 'the disk is full'],
  [14, 'the file cannot be opened'],
  [3, 'the file may not be written'],
])
const DAMAGED = new Set([11, 26])
const BUSY = 5

/** What an error of the database means: something that may pass, a damaged file, somebody else's lock, or a bug. */
export type Trouble = { readonly kind: 'disk'; readonly says: string; readonly isFull: boolean } | { readonly kind: 'damaged' | 'busy' | 'bug'; readonly says: string }

/** Sorts an error of the database by what can be done about it. */
export function troubleOf(thrown: unknown): Trouble {
  const code = primaryCode(thrown)
  const says = thrown instanceof Error ? thrown.message : String(thrown)
  const waits = WAITS.get(code)
  if (waits !== undefined) return { kind: 'disk', says: `${waits} (${says})`, isFull: code === 13 }
  if (DAMAGED.has(code) || thrown instanceof Damage) return { kind: 'damaged', says }
  return { kind: code === BUSY ? 'busy' : 'bug', says }
}

function primaryCode(thrown: unknown): number {
  if (!(thrown instanceof Error) || !('errcode' in thrown) || typeof thrown.errcode !== 'number') return -1
  return thrown.errcode & 0xff
}
