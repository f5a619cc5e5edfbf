import type { NomadAlloc } from '../../events/nomad/alloc.ts'
import { changedAt, orNull, timeOf, type Around, type FindingOf } from './finding.ts'
import { judgeReplacement, moverOf, WHY, type Replacement } from './judge-replacement.ts'
import { endOf, restartOf } from './task-history.ts'
import { isTerminal, type AllocRecord, type AllocRow } from './record.ts'

type AllocFinding = FindingOf<'nomad/alloc'>
type Verb = NomadAlloc['verb']
type Cause = NomadAlloc['verdict']['cause']
type Extra = {
  readonly detail?: string
  readonly mark?: string
  readonly task?: string
  readonly exitCode?: number | null
  readonly signal?: number | null
  readonly coalesced?: number
  readonly occurred?: string | null
  readonly clock?: 'client' | 'server'
  readonly until?: string | null
  readonly previous?: string
  readonly next?: string
  readonly eval?: string
}

/** Judges one allocation by the difference to what is remembered of it; pure, and silent about what it has told. */
export function judgeAlloc(before: AllocRow | null, after: AllocRecord, around: Around): AllocFinding[] {
  const placement = before === null ? judgeReplacement(after, around) : null
  const told = (verb: Verb, cause: Cause, extra: Extra = {}): AllocFinding => findingOf(before, after, verb, cause, extra)
  return [
    ...placed(after, placement, told),
    ...start(before, after, placement?.cause ?? before?.cause ?? 'unknown', told),
    ...restarts(before, after, told),
    ...preemption(before, after, told),
    ...connection(before, after, told),
    ...end(before, after, around, told),
    ...delay(before, after, around, told),
  ]
}

type Tell = (verb: Verb, cause: Cause, extra?: Extra) => AllocFinding

function placed(after: AllocRecord, placement: Replacement | null, told: Tell): AllocFinding[] {
  if (placement === null) return []
  const { verb, cause, detail } = placement
  const extra = { detail, occurred: timeOf(after.createdAt) }
  return [told('placed', cause, extra), ...(verb === null ? [] : [told(verb, cause, extra)])]
}

function start(before: AllocRow | null, after: AllocRecord, cause: Cause, told: Tell): AllocFinding[] {
  const wasPending = before === null || (before.client === 'pending' && before.tasks.every(({ restarts }) => restarts === 0))
  return wasPending && hasStarted(after) ? [told('started', cause)] : []
}

function hasStarted({ client, tasks }: AllocRecord): boolean {
  if (client === 'running') return true
  // A task that ended between two reports of its client was never reported running.
  return tasks.some(({ restarts, events }) => restarts > 0 || events.some(({ type }) => type === 'Started' || type === 'Terminated'))
}

function restarts(before: AllocRow | null, after: AllocRecord, told: Tell): AllocFinding[] {
  return after.tasks.flatMap((task) => {
    const known = before?.tasks.find(({ name }) => name === task.name)?.restarts ?? 0
    if (task.restarts <= known) return []
    const { cause, detail, code, signal, time } = restartOf(task)
    return [told('restarted', cause, { detail, mark: String(task.restarts), task: task.name, exitCode: code, signal, coalesced: task.restarts - known - 1, occurred: timeOf(time), clock: 'client' })]
  })
}

function preemption(before: AllocRow | null, after: AllocRecord, told: Tell): AllocFinding[] {
  const isNew = after.desired === 'evict' && before?.desired !== 'evict'
  return isNew ? [told('preempted', 'preemption', { detail: after.why, next: after.preemptedBy })] : []
}

function connection(before: AllocRow | null, after: AllocRecord, told: Tell): AllocFinding[] {
  if (after.client === 'unknown' && before?.client !== 'unknown') return [told('disconnected', 'node_disconnected', { detail: after.says, mark: outage(after) })]
  if (before?.client === 'unknown' && after.client !== 'unknown' && after.client !== 'lost') return [told('reconnected', 'node_returned', { mark: outage(before) })]
  return []
}

/** Names one outage: Nomad writes an evaluation for the end of its patience, whose id lists show too. */
function outage({ followup, modified }: Pick<AllocRow, 'followup' | 'modified'>): string {
  return followup === '' ? String(modified) : followup
}

function end(before: AllocRow | null, after: AllocRecord, around: Around, told: Tell): AllocFinding[] {
  if (!isTerminal(after.client) || (before !== null && isTerminal(before.client))) return []
  // A node that comes back completes what was lost with it: whoever looks so late knows by Nomad's words.
  if (after.client === 'lost' || after.why === WHY.lost) {
    const wasAway = before?.client === 'unknown' || after.followup !== '' || /^alloc is unknown/.test(after.says)
    return [wasAway ? told('timed_out', 'node_disconnected', { detail: after.why }) : told('lost', 'node_lost', { detail: after.why })]
  }
  if (after.client === 'failed') {
    const { task, code, signal, time } = endOf(after)
    return [told('failed', 'failure', { detail: after.says, ...(task === '' ? {} : { task }), exitCode: code, signal, ...(time === '' ? {} : { occurred: timeOf(time), clock: 'client' as const }) })]
  }
  return [told('stopped', stopCause(after, around), { detail: after.why === '' ? after.says : after.why })]
}

function stopCause(after: AllocRecord, around: Around): Cause {
  if (after.desired === 'run') return 'completed'
  if (after.desired === 'evict') return 'preemption'
  if (after.why === WHY.updating) return 'update'
  if (after.why === WHY.reconnected) return 'node_returned'
  if (after.isMigrating || after.why === WHY.migrating) return moverOf(after, around)
  if (after.why === WHY.tainted) return 'drain'
  return after.why === WHY.notNeeded ? 'not_needed' : 'unknown'
}

function delay(before: AllocRow | null, after: AllocRecord, around: Around, told: Tell): AllocFinding[] {
  if (after.client !== 'failed' || after.next !== '') return []
  const found: AllocFinding[] = []
  if (after.followup !== '' && before?.followup !== after.followup) {
    found.push(told('reschedule_delayed', 'backoff', { detail: 'created for delayed rescheduling', mark: after.followup, until: around.until(after.followup) ?? null, eval: after.followup }))
  }
  if (after.attempt === 'no placement' && before?.attempt !== 'no placement') found.push(told('reschedule_delayed', 'no_placement', { detail: 'no placement', mark: 'no_placement' }))
  return found
}

function findingOf(before: AllocRow | null, after: AllocRecord, verb: Verb, cause: Cause, extra: Extra): AllocFinding {
  return {
    event: 'nomad/alloc',
    verb,
    subject: subjectOf(after),
    verdict: { cause, confidence: 'proved', detail: extra.detail ?? '', task: extra.task ?? null, exitCode: extra.exitCode ?? null, signal: extra.signal ?? null, restarts: after.tasks.reduce((sum, task) => sum + task.restarts, 0) },
    change: { from: before?.client ?? null, to: after.client, desired: after.desired, version: after.version ?? before?.version ?? null, until: extra.until ?? null },
    links: { previousAlloc: orNull(after.previous), nextAlloc: orNull(extra.next ?? after.next), eval: orNull(extra.eval ?? after.eval), deployment: orNull(after.deployment), nodeId: after.node },
    mark: extra.mark ?? '',
    settled: true,
    coalesced: extra.coalesced ?? 0,
    occurred: extra.occurred === undefined ? changedAt(after) : extra.occurred,
    clock: extra.clock ?? 'server',
  }
}

/** The end of an allocation that Nomad has forgotten: inferred from what is remembered, without exit code. */
export function inferEnd(before: AllocRow, cause: 'purged' | 'collected' | 'reverted'): AllocFinding[] {
  if (isTerminal(before.client)) return []
  const detail = { purged: 'the job was purged, and Nomad forgot its allocations', collected: 'Nomad does not know it any more', reverted: 'the servers were restored to a time before it' }[cause]
  return [
    {
      event: 'nomad/alloc',
      verb: 'stopped',
      subject: subjectOf(before),
      verdict: { cause, confidence: 'inferred', detail, task: null, exitCode: null, signal: null, restarts: before.tasks.reduce((sum, task) => sum + task.restarts, 0) },
      change: { from: before.client, to: null, desired: before.desired, version: before.version, until: null },
      links: { previousAlloc: orNull(before.previous), nextAlloc: orNull(before.next), eval: orNull(before.eval), deployment: orNull(before.deployment), nodeId: before.node },
      mark: '',
      settled: true,
      coalesced: 0,
      occurred: null,
      clock: 'server',
    },
  ]
}

function subjectOf({ namespace, job, group, id, nodeName }: Pick<AllocRow, 'namespace' | 'job' | 'group' | 'id' | 'nodeName'>): NomadAlloc['subject'] {
  return { namespace, job, group, alloc: id, node: nodeName }
}
