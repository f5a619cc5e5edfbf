import type { NomadAlloc } from '../../events/nomad/alloc.ts'
import { isObject } from '../envelope/text.ts'
import type { Json } from '../fact.ts'

// What the intake's thread makes of Nomad's objects. Type aliases, not interfaces: they are JSON, and travel and rest as such.

/** One entry of a task's history that a judgement needs. */
export type TaskEvent = {
  readonly type: string
  /** Digits of its time in nanoseconds, by the client's clock. */
  readonly time: string
  readonly code: number | null
  readonly signal: number | null
  readonly isOom: boolean
  readonly isFatal: boolean
  readonly says: string
}

/** One task as a report shows it. */
export type TaskRecord = {
  readonly name: string
  readonly state: string
  readonly isFailed: boolean
  readonly restarts: number
  readonly events: readonly TaskEvent[]
}

/** One task as it is remembered: which of its events were judged. */
export type TaskRow = {
  readonly name: string
  readonly state: string
  readonly restarts: number
  /** Times of the judged events that Nomad still repeats. */
  readonly seen: readonly string[]
}

/** What a report of an allocation and the memory of it have in common. */
export type AllocBody = {
  readonly id: string
  readonly namespace: string
  readonly job: string
  readonly group: string
  readonly node: string
  readonly nodeName: string
  readonly client: string
  readonly desired: string
  /** Why Nomad wants that, in its words. */
  readonly why: string
  readonly eval: string
  readonly deployment: string
  readonly version: number | null
  /** Allocation that it replaces; empty for none. A list does not say: there it is rebuilt from the other side. */
  readonly previous: string
  readonly next: string
  readonly followup: string
  readonly preemptedBy: string
  readonly isMigrating: boolean
  readonly isForced: boolean
  /** Allocation in the last entry of its reschedule tracker. */
  readonly tracked: string
  /** Outcome of the last attempt to replace it: `ok` or `no placement`. */
  readonly attempt: string
  readonly created: number
  readonly modified: number
}

/** One allocation as a report shows it. */
export type AllocRecord = AllocBody & {
  readonly kind: 'alloc'
  readonly says: string
  readonly createdAt: string
  readonly modifiedAt: string
  readonly tasks: readonly TaskRecord[]
}

/** One allocation as it is remembered. */
export type AllocRow = AllocBody & {
  readonly kind: 'alloc'
  /** Why it was placed. */
  readonly cause: NomadAlloc['verdict']['cause']
  readonly tasks: readonly TaskRow[]
}

/** One message of a node's history. */
export type NodeMessage = { readonly says: string; readonly index: number; readonly at: string }

/** One node. */
export type NodeRecord = {
  readonly kind: 'node'
  readonly id: string
  readonly name: string
  readonly datacenter: string
  readonly pool: string
  readonly status: string
  readonly eligibility: string
  readonly isDraining: boolean
  /** `draining`, `complete`, `canceled`, or empty. */
  readonly drain: string
  readonly drainStarted: string
  readonly drainAccessor: string
  /** Index at which its heartbeat was missed; 0 while it comes. */
  readonly missed: number
  readonly messages: readonly NodeMessage[]
  readonly created: number
  readonly modified: number
}

/** Why a group could not be placed. */
export type Shortage = {
  readonly group: string
  readonly queued: number
  readonly evaluated: number
  readonly filtered: number
  readonly exhausted: number
  readonly available: number
  readonly isQuota: boolean
  readonly says: string
}

/** One evaluation. */
export type EvalRecord = {
  readonly kind: 'eval'
  readonly id: string
  readonly namespace: string
  readonly job: string
  readonly status: string
  readonly trigger: string
  readonly says: string
  readonly deployment: string
  /** Evaluation that waits for what this one could not place; empty for none. */
  readonly blocked: string
  readonly until: string
  readonly short: readonly Shortage[]
  readonly modifiedAt: string
  readonly created: number
  readonly modified: number
}

/** A group that is blocked, as it is remembered. */
export type BlockedRow = {
  readonly kind: 'blocked'
  readonly namespace: string
  readonly job: string
  readonly eval: string
  readonly deployment: string
  readonly shortage: Shortage
  /** Our clock when it was told first: when its quiet time began. */
  readonly since: number
  readonly isSettled: boolean
  readonly modified: number
}

/** One deployment. */
export type DeploymentRecord = {
  readonly kind: 'deployment'
  readonly id: string
  readonly namespace: string
  readonly job: string
  readonly version: number
  readonly status: string
  readonly says: string
  readonly placed: number
  readonly healthy: number
  readonly unhealthy: number
  readonly desired: number
  /** True when every group with canaries has them healthy and none was promoted. */
  readonly isWaiting: boolean
  readonly modifiedAt: string
  readonly created: number
  readonly modified: number
}

/** One job. */
export type JobRecord = {
  readonly kind: 'job'
  readonly id: string
  readonly namespace: string
  readonly version: number
  readonly status: string
  readonly isStopped: boolean
  /** True when this is the last that is heard of it. */
  readonly isDeleted: boolean
  readonly parent: string
  readonly accessor: string
  /** Digest of its specification without counts and bookkeeping. */
  readonly digest: string
  readonly counts: { readonly [group: string]: number }
  readonly submittedAt: string
  /** Index of the last change of its specification. */
  readonly specified: number
  readonly created: number
  readonly modified: number
}

/** One instance of a native service. */
export type ServiceRecord = {
  readonly kind: 'service'
  readonly id: string
  readonly namespace: string
  readonly name: string
  readonly job: string
  readonly alloc: string
  readonly node: string
  readonly address: string
  readonly port: number
  readonly tags: string
  readonly created: number
  readonly modified: number
}

/** Whatever one event or one row of a list is about. */
export type NomadRecord = AllocRecord | NodeRecord | EvalRecord | DeploymentRecord | JobRecord | ServiceRecord

/** A record with what the stream says around it. */
export type NomadEvent = { readonly kind: 'event'; readonly topic: string; readonly type: string; readonly record: NomadRecord }

const KINDS = new Set<Json>(['alloc', 'node', 'eval', 'deployment', 'job', 'service'])

/** True for what a reducer made of one object. */
export function isRecord(value: Json | undefined): value is NomadRecord {
  return isObject(value) && value['kind'] !== undefined && KINDS.has(value['kind'])
}

/** True for what the reducer made of one event of the stream. */
export function isEvent(value: Json): value is NomadEvent {
  return isObject(value) && value['kind'] === 'event'
}

/** True when nothing runs any more. */
export function isTerminal(client: string): boolean {
  return client === 'complete' || client === 'failed' || client === 'lost'
}
