import { isObject } from './envelope/text.ts'
import type { Json } from './fact.ts'

/** What a run of the sidecar leaves for the next one to know. */
export type Past = {
  readonly version: string
  readonly epoch: string
  /** Number of the last fact before the newest checkpoint of that epoch. */
  readonly checkpoint: number
  /** The run was asked to end, and did. */
  readonly isOver: boolean
}

/** How a run found its journal. */
export interface Found {
  readonly version: string
  readonly epoch: string
  /** Number of the last fact in it. */
  readonly last: number
  readonly isNew: boolean
  /** Where a damaged one was moved to; null when none was. */
  readonly movedTo: string | null
}

/** The past as the journal gave it back; null when no run has left one. */
export function pastOf(value: Json): Past | null {
  if (!isObject(value)) return null
  const { version, epoch, checkpoint, isOver } = value
  if (typeof version !== 'string' || typeof epoch !== 'string' || typeof checkpoint !== 'number') return null
  return { version, epoch, checkpoint, isOver: isOver === true }
}

/** Why a run began, in one word and in one sentence: what it found says it. */
export function reasonOf(past: Past | null, { version, isNew, movedTo }: Found): { readonly cause: string; readonly detail: string } {
  if (movedTo !== null) return { cause: 'journal_damaged', detail: 'with a new journal, because the old one was damaged' }
  if (isNew) return { cause: 'first', detail: 'for the first time, with an empty journal' }
  if (past === null) return { cause: 'upgrade', detail: 'after a version that left no note of itself' }
  const crash = past.isOver ? '' : 'the last run was killed or crashed; what it had journalled is still sent'
  if (past.version !== version) return { cause: 'upgrade', detail: `after version ${past.version}${crash === '' ? '' : `; ${crash}`}` }
  return past.isOver ? { cause: 'restart', detail: 'again, after it was stopped' } : { cause: 'crash', detail: `again: ${crash}` }
}

/** Where the count since the last checkpoint begins: there, or where the numbers of a new epoch do. */
export function countedFrom(past: Past | null, found: Found): Past {
  const { version, epoch, last, isNew } = found
  const checkpoint = past?.epoch === epoch ? past.checkpoint : isNew || past !== null ? 0 : last
  return { version, epoch, checkpoint, isOver: false }
}
