import type { FactOf } from '../fact.ts'
import type { AllocBody, NodeRecord, NomadRecord } from './record.ts'

type NomadEventName = 'nomad/alloc' | 'nomad/task' | 'nomad/node' | 'nomad/eval' | 'nomad/deployment' | 'nomad/job' | 'nomad/service'

/** What a judge found out: a fact without the place and the moment where it was seen. */
export type FindingOf<E extends NomadEventName> = Pick<FactOf<E>, 'event' | 'verb' | 'subject' | 'verdict' | 'change' | 'links' | 'mark' | 'settled' | 'coalesced'> & {
  /** When it happened, by Nomad's digits; null where it does not say. */
  readonly occurred: string | null
  readonly clock: 'client' | 'server'
}

/** A finding about any object of Nomad. */
export type Finding = { readonly [E in NomadEventName]: FindingOf<E> }[NomadEventName]

/** What a judge may ask about the world around its object, as it is after the frame. */
export interface Around {
  readonly alloc: (id: string) => AllocBody | undefined
  readonly node: (id: string) => NodeRecord | undefined
  /** Time until which an evaluation waits; undefined when it is not known. */
  readonly until: (evaluation: string) => string | undefined
}

/** Where and how something was seen. */
export interface Moment {
  readonly origin: 'stream' | 'resync' | 'audit'
  /** Index of the frame or of the list. */
  readonly index: number
  readonly topic: string
  readonly type: string
  readonly server: string
  /** Milliseconds since 1970, by our clock. */
  readonly now: number
  /** True when the servers were rebuilt or restored since the last reading. */
  readonly isReverted: boolean
  /** Put behind marks that are indexes: they repeat in another epoch. Empty in the first. */
  readonly era: string
}

/** Text, or null for an empty one. */
export function orNull(text: string): string | null {
  return text === '' ? null : text
}

/** RFC 3339 with nine digits, from nanoseconds since 1970; null for none. */
export function timeOf(digits: string): string | null {
  if (!/^\d{16,19}$/.test(digits)) return null
  const seconds = Number(digits.slice(0, -9))
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${digits.slice(-9)}Z`
}

/** When the last change of a record was, where it says. */
export function changedAt(record: NomadRecord): string | null {
  return 'modifiedAt' in record ? timeOf(record.modifiedAt) : null
}
