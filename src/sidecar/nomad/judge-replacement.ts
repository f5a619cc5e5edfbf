import type { NomadAlloc } from '../../events/nomad/alloc.ts'
import type { Around } from './finding.ts'
import type { AllocBody, AllocRecord } from './record.ts'

/** Nomad's words for why an allocation has to go. */
export const WHY = {
  migrating: 'alloc is being migrated',
  updating: 'alloc is being updated due to job update',
  notNeeded: 'alloc not needed due to job update',
  reconnected: 'alloc not needed due to disconnected client reconnect',
  tainted: 'alloc not needed as node is tainted',
  lost: 'alloc is lost since its node is down',
  rescheduled: 'alloc was rescheduled because it failed',
} as const

type Cause = NomadAlloc['verdict']['cause']

/** What an allocation replaces, and why. */
export interface Replacement {
  readonly verb: 'rescheduled' | 'migrated' | null
  readonly cause: Cause
  /** Nomad's words about the old one. */
  readonly detail: string
}

/** Tells a replacement's cause by the state of both; the link between them alone proves nothing. */
export function judgeReplacement(after: AllocRecord, around: Around): Replacement {
  if (after.previous === '') return { verb: null, cause: 'new', detail: '' }
  const old = around.alloc(after.previous)
  const cause = old === undefined ? (after.tracked === after.previous ? 'failure' : 'unknown') : causeOf(old, after, around)
  return { verb: verbOf(cause), cause, detail: old?.why ?? '' }
}

/** Whether an allocation that is moved goes because of its node or because somebody asked. */
export function moverOf(old: Pick<AllocBody, 'node'>, around: Around): 'drain' | 'operator' {
  const node = around.node(old.node)
  const isDrained = node !== undefined && (node.isDraining || (node.eligibility === 'ineligible' && node.drain === 'complete'))
  return isDrained ? 'drain' : 'operator'
}

function causeOf(old: AllocBody, after: AllocRecord, around: Around): Cause {
  if (old.client === 'lost' || old.why === WHY.lost) return 'node_lost'
  if (old.client === 'unknown') return 'node_disconnected'
  if (after.tracked === old.id || old.why === WHY.rescheduled) return old.isForced ? 'operator' : 'failure'
  if (old.desired === 'evict' || old.preemptedBy !== '') return 'preemption'
  if (old.isMigrating || old.why === WHY.migrating) return moverOf(old, around)
  if (old.why === WHY.tainted) return 'drain'
  if (old.why === WHY.updating || old.why === WHY.notNeeded) return 'update'
  return old.client === 'failed' ? 'failure' : 'unknown'
}

function verbOf(cause: Cause): Replacement['verb'] {
  if (cause === 'failure' || cause === 'node_lost' || cause === 'node_disconnected' || cause === 'preemption') return 'rescheduled'
  return cause === 'drain' || cause === 'operator' ? 'migrated' : null
}
