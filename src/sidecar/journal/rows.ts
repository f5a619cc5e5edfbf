import type { SQLOutputValue } from 'node:sqlite'

/** The file holds what this program never writes. */
export class Damage extends Error {}

/** One row as SQLite gives it. */
export type Row = Readonly<Record<string, SQLOutputValue>>

/** A text column; another type means that the file is not ours. */
export function textOf(row: Row, column: string): string {
  const value = row[column]
  if (typeof value !== 'string') throw new Damage(`column ${column} holds ${typeof value}; expected text; the journal is damaged`)
  return value
}

/** A whole number in a column. */
export function numberOf(row: Row, column: string): number {
  const value = row[column]
  if (typeof value !== 'number') throw new Damage(`column ${column} holds ${typeof value}; expected a number; the journal is damaged`)
  return value
}
