import type { Fact, Seen } from '../fact.ts'
import type { Edit, Known, View } from './record.ts'

/** How long an absence must last, and what counts as flapping; milliseconds. */
export interface Patience {
  readonly quiet: number
  readonly flapCount: number
  readonly flapWindow: number
}

/** What a view was taken under: what a judge needs beside the view itself. */
export interface Moment {
  readonly datacenter: string
  readonly source: Seen
  readonly origin: Fact['origin']
  /** Our clock; it measures quiet times and never enters an id. */
  readonly now: number
  /** Highest index that was judged before: what was created after it was never seen. */
  readonly seen: number
  /** Nothing was ever judged: everything is remembered, and nothing is told but what `toldTo` leaves open. */
  readonly isBaseline: boolean
  /** Index up to which another journal has told everything, at the first view of this one; null where nothing is known of that. */
  readonly toldTo: number | null
  /** The servers were restored or rebuilt since the last view. */
  readonly isReverted: boolean
  /** What proves that the view is whole, or null: then no absence in it counts. */
  readonly proof: readonly string[] | null
  /** What proves the things that the view does show. */
  readonly evidence: readonly string[]
  readonly patience: Patience
}

/** What a view leads to. */
export interface Judgement {
  readonly facts: readonly Fact[]
  readonly edits: readonly Edit[]
  /** Names of services and nodes of which something seems to be gone, or is due to be settled, and a proof is wanted. */
  readonly doubts: Doubts
}

/** What is missing from a view that proves nothing. */
export interface Doubts {
  readonly instances: readonly string[]
  readonly members: readonly string[]
  readonly isDue: boolean
}

/** What the judges of instances and nodes write into. */
export interface Draft {
  readonly before: Known
  readonly after: View
  readonly moment: Moment
  readonly facts: Fact[]
  readonly edits: Edit[]
  readonly instances: Set<string>
  readonly members: Set<string>
  /** Nodes that were judged gone in this view: their instances go with them. */
  readonly lost: Set<string>
  isDue: boolean
}

/** The mark of an occurrence: the server's own index, and the epoch where it is not the first, because indexes start over with it. */
export function markOf(moment: Moment, index: number): string {
  const epoch = /#(\d+)$/.exec(moment.source.epoch)?.[1] ?? '1'
  return epoch === '1' ? String(index) : `${epoch}.${index}`
}

/** Says that a quiet time is over; a clock that was set back ends it too, since a proof is asked for in any case. */
export function isOver(from: number, span: number, now: number): boolean {
  return now - from >= span || now < from
}

/** Whole seconds since a moment that we saw; null when it was before we looked. */
export function heldFor(since: number | null, now: number): number | null {
  return since === null ? null : Math.max(0, Math.round((now - since) / 1000))
}
