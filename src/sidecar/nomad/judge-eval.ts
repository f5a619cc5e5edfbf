import type { NomadEval } from '../../events/nomad/eval.ts'
import { orNull, timeOf, type FindingOf, type Moment } from './finding.ts'
import type { BlockedRow, EvalRecord, Shortage } from './record.ts'

type EvalFinding = FindingOf<'nomad/eval'>

/** What an evaluation leads to. */
export interface EvalStep {
  readonly findings: readonly EvalFinding[]
  readonly puts: readonly BlockedRow[]
  readonly deletes: readonly BlockedRow[]
}

/** Judges one evaluation beside the groups of its job that are blocked: by group, because Nomad writes blocked evaluations anew all the time. */
export function judgeEval(blocked: readonly BlockedRow[], after: EvalRecord, moment: Pick<Moment, 'now'>, quiet: number): EvalStep {
  if (after.status === 'failed') return { findings: [failed(after)], puts: [], deletes: [] }
  if (after.status !== 'blocked' && after.status !== 'complete') return { findings: [], puts: [], deletes: [] }
  const waits = after.status === 'blocked' ? after.id : after.blocked
  const short = waits === '' ? [] : after.short
  const freed = blocked.filter((row) => row.modified < after.modified && !after.short.some(({ group }) => group === row.shortage.group))
  const rows = short.map((shortage) => rowOf(blocked, after, shortage, waits, moment.now))
  const isNew = (row: BlockedRow): boolean => !blocked.some((known) => known.shortage.group === row.shortage.group)
  return {
    findings: [...rows.filter(isNew).map((row) => findBlocked(row, false, quiet, timeOf(after.modifiedAt))), ...freed.map((row) => findUnblocked(row, causeOfRelease(after), timeOf(after.modifiedAt)))],
    puts: rows,
    deletes: freed,
  }
}

/** The same group again, or a new one; a number that only the finished evaluation knows is kept. */
function rowOf(blocked: readonly BlockedRow[], after: EvalRecord, shortage: Shortage, waits: string, now: number): BlockedRow {
  const { namespace, job, deployment, modified } = after
  const known = blocked.find((row) => row.shortage.group === shortage.group)
  if (known !== undefined) return { ...known, shortage, modified: Math.max(modified, known.modified) }
  return { kind: 'blocked', namespace, job, eval: waits, deployment, shortage, since: now, isSettled: false, modified }
}

function causeOfRelease({ trigger }: EvalRecord): 'placed' | 'withdrawn' {
  return trigger === 'job-deregister' ? 'withdrawn' : 'placed'
}

/** A blocked group: at once unsettled, settled after its quiet time. */
export function findBlocked(row: BlockedRow, settled: boolean, quiet: number, occurred: string | null): EvalFinding {
  const { shortage } = row
  const { queued, evaluated, filtered, exhausted, says } = shortage
  return { ...base(row, occurred), verb: 'blocked', verdict: { cause: causeOfShortage(shortage), detail: says }, change: { queued, evaluated, filtered, exhausted, quiet: Math.round(quiet / 1000) }, settled }
}

/** A group that is not blocked any more. */
export function findUnblocked(row: BlockedRow, cause: 'placed' | 'withdrawn' | 'unknown', occurred: string | null = null): EvalFinding {
  return { ...base(row, occurred), verb: 'unblocked', verdict: { cause, detail: '' }, change: { queued: 0, evaluated: 0, filtered: 0, exhausted: 0, quiet: null }, settled: true }
}

function base({ namespace, job, eval: id, deployment, shortage }: BlockedRow, occurred: string | null): Pick<EvalFinding, 'event' | 'subject' | 'links' | 'mark' | 'coalesced' | 'occurred' | 'clock'> {
  return { event: 'nomad/eval', subject: { namespace, job, group: shortage.group }, links: { eval: id, deployment: orNull(deployment) }, mark: id, coalesced: 0, occurred, clock: 'server' }
}

function causeOfShortage({ isQuota, exhausted, filtered, evaluated, available }: Shortage): NomadEval['verdict']['cause'] {
  if (isQuota) return 'quota'
  if (exhausted > 0) return 'capacity'
  if (filtered > 0) return 'constraint'
  return evaluated === 0 && available === 0 ? 'no_nodes' : 'unknown'
}

function failed(after: EvalRecord): EvalFinding {
  const { namespace, job, id, deployment, says, modifiedAt } = after
  return {
    event: 'nomad/eval',
    verb: 'failed',
    subject: { namespace, job, group: '' },
    verdict: { cause: /maximum attempts/.test(says) ? 'plan_attempts' : 'error', detail: says },
    change: { queued: 0, evaluated: 0, filtered: 0, exhausted: 0, quiet: null },
    links: { eval: id, deployment: orNull(deployment) },
    mark: id,
    settled: true,
    coalesced: 0,
    occurred: timeOf(modifiedAt),
    clock: 'server',
  }
}
