import type { NomadJob } from '../../events/nomad/job.ts'
import { orNull, timeOf, type FindingOf, type Moment } from './finding.ts'
import type { JobRecord } from './record.ts'

type JobFinding = FindingOf<'nomad/job'>
type Verb = NomadJob['verb']
type Cause = NomadJob['verdict']['cause']

/** Judges one job by the difference to what is remembered of it; a change of its status alone is silent. */
export function judgeJob(before: JobRecord | null, after: JobRecord, moment: Pick<Moment, 'era' | 'isReverted'>, accessors: readonly string[]): JobFinding[] {
  const told = (verb: Verb, cause: Cause, detail = ''): JobFinding => findingOf(before, after, verb, cause, detail, moment)
  if (before !== null && after.specified === before.specified) return []
  const [verb, cause] = changeOf(before, after, moment.isReverted)
  return [
    told(verb, cause),
    ...(isDrift(verb, cause, after, accessors) ? [told('drifted', 'accessor', cause)] : []),
    // Only its end is left of what became of it since.
    ...(before === null && after.isStopped && !moment.isReverted ? [told('stopped', 'operator')] : []),
  ]
}

/** The first version of a job that was neither remembered nor told; a job that was purged and came back begins anew. */
export function firstMissed(before: JobRecord | undefined, after: Pick<JobRecord, 'created'>): number {
  return before?.created === after.created ? before.version + 1 : 0
}

/** A job that is gone. Collecting a dead one is the servers' housekeeping and silent. */
export function judgePurge(before: JobRecord, why: { readonly cause: 'operator' | 'missing' | 'reverted'; readonly isCollection: boolean }, moment: Pick<Moment, 'era'>): JobFinding[] {
  if (why.isCollection && before.status === 'dead') return []
  const { version, specified } = before
  const gone = findingOf(before, before, 'purged', why.cause, '', { ...moment, isReverted: false })
  return [{ ...gone, verdict: { cause: why.cause, confidence: why.cause === 'operator' ? 'proved' : 'inferred', detail: '' }, change: { from: version, to: null, index: specified, counts: [] }, links: { accessor: null, parent: orNull(before.parent) }, occurred: null }]
}

function changeOf(before: JobRecord | null, after: JobRecord, isReverted: boolean): readonly [Verb, Cause] {
  if (before === null) return ['registered', isReverted ? 'reverted' : after.parent === '' ? 'new' : 'dispatched']
  if (isReverted) return ['updated', 'reverted']
  if (after.isStopped && !before.isStopped) return ['stopped', 'operator']
  if (!after.isStopped && before.isStopped) return ['updated', 'restarted']
  // A failed deployment puts back the old version as it was, with the time at which it was submitted.
  if (isOlder(after.submittedAt, before.submittedAt)) return ['updated', 'revert']
  if (after.digest !== before.digest) return ['updated', 'specification']
  return countsOf(before, after).length > 0 ? ['scaled', 'counts'] : ['updated', 'resubmitted']
}

function isOlder(one: string, other: string): boolean {
  return one !== '' && other !== '' && BigInt(one) < BigInt(other)
}

function isDrift(verb: Verb, cause: Cause, after: JobRecord, accessors: readonly string[]): boolean {
  if (accessors.length === 0 || after.parent !== '' || verb === 'stopped' || cause === 'revert' || cause === 'reverted') return false
  return !accessors.includes(after.accessor)
}

function countsOf(before: JobRecord | null, after: JobRecord): string[] {
  if (before === null) return []
  const groups = [...new Set([...Object.keys(before.counts), ...Object.keys(after.counts)])].sort()
  return groups.filter((group) => before.counts[group] !== after.counts[group]).map((group) => `${group}: ${before.counts[group] ?? 0} -> ${after.counts[group] ?? 0}`)
}

function findingOf(before: JobRecord | null, after: JobRecord, verb: Verb, cause: Cause, detail: string, moment: Pick<Moment, 'era' | 'isReverted'>): JobFinding {
  const isWhole = verb === 'registered' || verb === 'purged'
  // Nomad keeps a few versions only: what came before the oldest one is counted, not told.
  const coalesced = moment.isReverted || verb === 'purged' || (before === null && verb === 'stopped') ? 0 : Math.max(0, after.version - firstMissed(before ?? undefined, after))
  const isSubmitted = verb !== 'stopped' || (before !== null && before.submittedAt !== after.submittedAt)
  return {
    event: 'nomad/job',
    verb,
    subject: { namespace: after.namespace, job: after.id },
    verdict: { cause, confidence: coalesced > 0 ? 'inferred' : 'proved', detail },
    change: { from: before?.version ?? null, to: after.version, index: after.specified, counts: countsOf(before, after).slice(0, 50) },
    // Stopping keeps the accessor of the version that is stopped, who need not be the one who stopped it.
    links: { accessor: verb === 'stopped' ? null : orNull(after.accessor), parent: orNull(after.parent) },
    // A job has one beginning and one end, and between them one change by index; that holds for lists as for the stream.
    mark: `${isWhole ? after.created : after.specified}${moment.era}`,
    settled: true,
    coalesced,
    occurred: isSubmitted ? timeOf(after.submittedAt) : null,
    clock: 'server',
  }
}
