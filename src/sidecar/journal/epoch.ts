import { randomBytes } from '../crypto.ts'

/** A name for a new run of numbers, unlike any before. */
export function newEpoch(instance: string): string {
  return `${instance}-${randomBytes(4).toString('hex')}`
}
