import type { AllocRecord, AllocRow, NodeRecord, TaskEvent, TaskRecord } from '../../../src/sidecar/nomad/record.ts'
import type { Around } from '../../../src/sidecar/nomad/finding.ts'
import { allocRow } from '../../../src/sidecar/nomad/memory.ts'

/** Nanosecond digits of a moment, seconds after a fixed one. */
export const at = (second: number): string => `${1_767_000_100 + second}000000001`

/** One entry of a task's history. */
export const entry = (type: string, second: number, more: Partial<TaskEvent> = {}): TaskEvent => ({ type, time: at(second), code: null, signal: null, isOom: false, isFatal: false, says: '', ...more })

/** One task, running unless told otherwise. */
export const task = (events: readonly TaskEvent[], more: Partial<TaskRecord> = {}): TaskRecord => ({ name: 'srv', state: 'running', isFailed: false, restarts: 0, events, ...more })

/** One allocation that runs on n1, as a report shows it. */
export const alloc = (id: string, more: Partial<AllocRecord> = {}): AllocRecord => ({
  kind: 'alloc', id, namespace: 'default', job: 'web', group: 'api', node: 'node-1', nodeName: 'n1', client: 'running', desired: 'run', why: '', says: '', eval: 'e1', deployment: '', version: 0,
  previous: '', next: '', followup: '', preemptedBy: '', isMigrating: false, isForced: false, tracked: '', attempt: '', created: 10, modified: 20, createdAt: at(0), modifiedAt: at(10),
  tasks: [task([entry('Received', 0), entry('Started', 1)])], ...more,
})

/** The same as it is remembered after it was judged. */
export const remembered = (record: AllocRecord): AllocRow => allocRow(null, record, 'new')

/** One node that is ready. */
export const node = (more: Partial<NodeRecord> = {}): NodeRecord => ({
  kind: 'node', id: 'node-1', name: 'n1', datacenter: 'dc1', pool: 'default', status: 'ready', eligibility: 'eligible', isDraining: false, drain: '', drainStarted: '', drainAccessor: '', missed: 0, messages: [], created: 5, modified: 15, ...more,
})

/** What a judge sees around its object. */
export const around = (allocs: readonly AllocRecord[] = [], nodes: readonly NodeRecord[] = []): Around => ({
  alloc: (id) => allocs.find((one) => one.id === id),
  node: (id) => nodes.find((one) => one.id === id),
  until: () => undefined,
})
