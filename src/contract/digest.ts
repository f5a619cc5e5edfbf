import { createHash } from 'node:crypto'

/** Names a value by sixteen digits: one value, one name, on every machine. */
export function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16)
}
