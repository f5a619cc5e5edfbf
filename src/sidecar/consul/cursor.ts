import { isObject } from '../envelope/text.ts'
import type { Json, JsonObject } from '../fact.ts'
import type { Identity, Indexes } from './guard.ts'

/** Where the source goes on after a restart. */
export interface Cursor {
  /** Counts how often the servers were restored or rebuilt. */
  readonly epoch: number
  readonly indexes: Indexes
  /** Who the token was when absences were last believed. */
  readonly identity: Identity | null
}

/** A cursor before anything was read. */
export const START: Cursor = { epoch: 1, indexes: { checks: 0, names: 0, nodes: 0 }, identity: null }

/** The number of an epoch as events have it, `dc1#2`; 1 for one of another datacenter. */
export function epochNumber(datacenter: string, epoch: string): number {
  const [, name, number] = /^(.*)#(\d+)$/.exec(epoch) ?? []
  return name === datacenter ? Math.max(1, Number(number)) : 1
}

/** The cursor as the journal keeps it. */
export function packCursor({ epoch, indexes, identity }: Cursor): Json {
  return { epoch, indexes: { ...indexes }, identity: identity === null ? null : { ...identity } }
}

/** The cursor that the journal kept; null when the source was never read. */
export function unpackCursor(value: Json): Cursor | null {
  if (!isObject(value)) return null
  const { epoch, indexes, identity } = value
  if (typeof epoch !== 'number' || !isObject(indexes)) return null
  return { epoch, indexes: { checks: number(indexes, 'checks'), names: number(indexes, 'names'), nodes: number(indexes, 'nodes') }, identity: identityOf(identity) }
}

function identityOf(value: Json | undefined): Identity | null {
  if (!isObject(value)) return null
  const { accessor, digest } = value
  return typeof accessor === 'string' && typeof digest === 'string' ? { accessor, digest } : null
}

function number(row: JsonObject, key: string): number {
  const value = row[key]
  return typeof value === 'number' ? value : 0
}
