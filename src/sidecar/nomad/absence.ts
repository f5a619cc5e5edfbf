import { inferEnd } from './judge-alloc.ts'
import { findUnblocked } from './judge-eval.ts'
import { judgeRemoval } from './judge-node.ts'
import { judgeServiceEnd } from './judge-service.ts'
import { purge, type Step } from './judge.ts'
import type { Moment } from './finding.ts'
import { keyOf, type Memory, type Row } from './memory.ts'
import { isTerminal, type AllocRow, type JobRecord, type NodeRecord } from './record.ts'

/** Rows that a list does not have, although it was read after their last change. */
export function missingRows<R extends Row>(rows: ReadonlyMap<string, R>, listed: { readonly keys: ReadonlySet<string>; readonly index: number }, isReverted: boolean): R[] {
  return [...rows.values()].filter((row) => !listed.keys.has(keyOf(row)) && (isReverted || row.modified <= listed.index))
}

/** True when more is missing than happens in a minute: believed only with proof that the token still sees everything. */
export function isMassive(missing: number, known: number): boolean {
  return missing > Math.max(10, 0.3 * known)
}

/** A job that a list does not have any more, with what belongs to it. */
export function missingJob(memory: Memory, row: JobRecord, moment: Moment): Step {
  return purge(memory, row, { cause: moment.isReverted ? 'reverted' : 'missing', isCollection: row.status === 'dead' && !moment.isReverted }, moment)
}

/** An allocation that a list does not have any more: its end is inferred unless it was told; collecting an ended one is silent. */
export function missingAlloc(row: AllocRow, moment: Moment): Step {
  return { findings: inferEnd(row, moment.isReverted ? 'reverted' : 'collected'), puts: [], deletes: [row] }
}

/** Nodes that are down for longer than this are collected by the servers; younger ones were removed by somebody. */
const COLLECTED = 23 * 3_600_000

/** A node that is not in the list any more. */
export function missingNode(row: NodeRecord, moment: Moment): Step {
  const last = Date.parse(row.messages.at(-1)?.at ?? '')
  const isOld = row.status === 'down' && moment.now - last > COLLECTED
  return { findings: [judgeRemoval(row, moment.isReverted ? 'reverted' : isOld ? 'collected' : 'purged', moment.era)], puts: [], deletes: [row] }
}

/** An instance of a service that is not in the list any more. */
export function missingService(memory: Memory, row: Extract<Row, { kind: 'service' }>, moment: Moment): Step {
  const around = { alloc: (id: string) => memory.alloc.get(id), node: (id: string) => memory.node.get(id), until: () => undefined }
  return { findings: [judgeServiceEnd(row, moment.isReverted ? 'reverted' : 'missing', around, moment)], puts: [], deletes: [row] }
}

/** A blocked group that no blocked evaluation is about any more. */
export function missingBlocked(memory: Memory, row: Extract<Row, { kind: 'blocked' }>): Step {
  const job = memory.job.get(`${row.namespace}/${row.job}`)
  return { findings: [findUnblocked(row, job === undefined || job.isStopped ? 'withdrawn' : 'placed')], puts: [], deletes: [row] }
}

/** How many of these had not ended as far as was known. */
export function unfinished(rows: readonly AllocRow[]): number {
  return rows.filter(({ client }) => !isTerminal(client)).length
}
