import type { Around, Finding, Moment } from './finding.ts'
import { inferEnd, judgeAlloc } from './judge-alloc.ts'
import { judgeDeployment } from './judge-deployment.ts'
import { findUnblocked, judgeEval } from './judge-eval.ts'
import { judgeJob, judgePurge } from './judge-job.ts'
import { judgeNode } from './judge-node.ts'
import { judgeReplacement } from './judge-replacement.ts'
import { judgeService, judgeServiceEnd } from './judge-service.ts'
import { judgeTasks } from './judge-task.ts'
import { allocRow, keyOf, type Memory, type Row } from './memory.ts'
import type { AllocBody, AllocRecord, AllocRow, EvalRecord, JobRecord, NomadRecord, ServiceRecord } from './record.ts'

/** What judging depends on beside the objects. */
export interface Rules {
  /** Accessors that may change jobs; anybody else is drift. Empty: not judged. */
  readonly accessors: readonly string[]
  /** Milliseconds after which a blocked group counts as settled. */
  readonly quiet: number
}

/** What one record leads to. */
export interface Step {
  readonly findings: readonly Finding[]
  readonly puts: readonly Row[]
  readonly deletes: readonly Row[]
}

const NOTHING: Step = { findings: [], puts: [], deletes: [] }

/** Index up to which a list of a kind of object has told everything; what is unknown below it is gone. */
export type Floors = { readonly [kind in NomadRecord['kind']]?: number }

/** Judges one record beside what is remembered; the memory is read, never changed. */
export function judge(memory: Memory, frame: ReadonlyMap<string, AllocRecord>, record: NomadRecord, moment: Moment, rules: Rules, floors: Floors): Step {
  if (isStale(memory, record, moment, floors)) return NOTHING
  const around = aroundOf(memory, frame)
  switch (record.kind) {
    case 'alloc':
      return alloc(memory.alloc.get(record.id) ?? null, record, around)
    case 'node': {
      const before = memory.node.get(record.id) ?? null
      return { findings: judgeNode(before, record, moment), puts: [record], deletes: [] }
    }
    case 'deployment':
      return { findings: judgeDeployment(memory.deployment.get(record.id) ?? null, record), puts: [record], deletes: [] }
    case 'job':
      return job(memory, record, moment, rules)
    case 'service':
      return service(memory, record, around, moment)
    case 'eval':
      return evaluation(memory, record, moment, rules)
  }
}

/** Old news: less than what is remembered, or of an object that a later list does not have any more. */
function isStale(memory: Memory, record: NomadRecord, moment: Moment, floors: Floors): boolean {
  if (moment.isReverted) return false
  const floor = moment.origin === 'stream' ? (floors[record.kind] ?? 0) : 0
  if (record.kind === 'eval') return record.modified <= floor
  const known = memory[record.kind].get(keyOfRecord(record))
  return known === undefined ? moment.index <= floor : record.modified < known.modified
}

function keyOfRecord(record: Exclude<NomadRecord, EvalRecord>): string {
  return record.kind === 'alloc' ? record.id : keyOf(record)
}

function aroundOf(memory: Memory, frame: ReadonlyMap<string, AllocBody>): Around {
  return { alloc: (id) => frame.get(id) ?? memory.alloc.get(id), node: (id) => memory.node.get(id), until: (id) => memory.until(id) }
}

function alloc(before: AllocRow | null, given: AllocRecord, around: Around): Step {
  // A list does not say what an allocation replaces, nor its deployment.
  const record = before === null ? given : { ...given, previous: given.previous || before.previous, deployment: given.deployment || before.deployment }
  const findings = [...judgeAlloc(before, record, around), ...judgeTasks(before, record)]
  const cause = before === null ? judgeReplacement(record, around).cause : before.cause
  return { findings, puts: [allocRow(before, record, cause)], deletes: [] }
}

function job(memory: Memory, record: JobRecord, moment: Moment, rules: Rules): Step {
  const before = memory.job.get(keyOf(record)) ?? null
  // Before 1.11.3 nothing but its age tells that a record is the last one.
  const isGone = record.isDeleted || (moment.origin === 'stream' && record.modified < moment.index)
  if (isGone) return purge(memory, before ?? record, { cause: 'operator', isCollection: moment.type === 'JobBatchDeregistered' }, moment)
  // Only a list can show the next job of that name before the end of the one before.
  if (before !== null && before.created < record.created && !moment.isReverted) {
    const end = purge(memory, before, { cause: 'missing', isCollection: before.status === 'dead' }, moment)
    return { findings: [...end.findings, ...judgeJob(null, record, moment, rules.accessors)], puts: [record], deletes: end.deletes }
  }
  return { findings: judgeJob(before, record, moment, rules.accessors), puts: [record], deletes: [] }
}

/** A job that is gone takes its allocations, deployments and blocked groups with it. */
export function purge(memory: Memory, gone: JobRecord, why: Parameters<typeof judgePurge>[1], moment: Moment): Step {
  const allocs = memory.allocsOf(gone)
  const deployments = [...memory.deployment.values()].filter((one) => one.namespace === gone.namespace && one.job === gone.id)
  const blocked = memory.blockedOf({ namespace: gone.namespace, job: gone.id })
  const findings = [
    ...judgePurge(gone, why, moment),
    ...allocs.flatMap((row) => inferEnd(row, why.cause === 'reverted' ? 'reverted' : why.isCollection ? 'collected' : 'purged')),
    ...blocked.map((row) => findUnblocked(row, 'withdrawn')),
  ]
  return { findings, puts: [], deletes: [gone, ...allocs, ...deployments, ...blocked] }
}

function service(memory: Memory, record: ServiceRecord, around: Around, moment: Moment): Step {
  const before = memory.service.get(keyOf(record)) ?? null
  // A removal shows the old record: its last change is older than the frame.
  if (moment.origin === 'stream' && record.modified < moment.index) {
    return before === null ? NOTHING : { findings: [judgeServiceEnd(record, 'event', around, moment)], puts: [], deletes: [before] }
  }
  return { findings: judgeService(before, record, moment), puts: [record], deletes: [] }
}

function evaluation(memory: Memory, record: EvalRecord, moment: Moment, rules: Rules): Step {
  if (record.until !== '') memory.wait(record.id, record.until)
  return judgeEval(memory.blockedOf(record), record, moment, rules.quiet)
}
