import type { NomadTask } from '../../events/nomad/task.ts'
import { orNull, timeOf, type FindingOf } from './finding.ts'
import { endingsOf, type Ending } from './task-history.ts'
import type { AllocRecord, AllocRow, TaskEvent, TaskRecord } from './record.ts'

type TaskFinding = FindingOf<'nomad/task'>
type Verdict = NomadTask['verdict']

/** Types of task events that are told by themselves, and what each means. */
const TROUBLE: Readonly<Record<string, Verdict['cause']>> = {
  'Setup Failure': 'setup',
  'Failed Validation': 'setup',
  'Failed Artifact Download': 'setup',
  'Task hook failed': 'setup',
  'Driver Failure': 'driver',
  'Failed Restoring Task': 'driver',
  'Disk Resources Exceeded': 'disk',
}
const KILL = 9
/** What a shell makes of SIGKILL. */
const KILLED = 137

/** Judges the tasks of one allocation: every event of their histories that was not judged before, once. */
export function judgeTasks(before: AllocRow | null, after: AllocRecord): TaskFinding[] {
  return after.tasks.flatMap((task) => {
    const known = before?.tasks.find(({ name }) => name === task.name)
    const seen = new Set(known?.seen)
    const found = [...ends(task, seen), ...troubles(task, seen), ...surrender(task, seen)]
    const missed = missedEnds(task, seen, task.restarts - (known?.restarts ?? 0))
    return found.map(({ event, verb, verdict }, position) => findingOf(after, task, event, verb, verdict, position === 0 ? missed : 0))
  })
}

/** Times of the events that were judged, for as long as Nomad repeats them. */
export function judgedTimes({ events }: TaskRecord): string[] {
  return events.filter(({ type }) => type === 'Terminated' || type === 'Not Restarting' || TROUBLE[type] !== undefined).map(({ time }) => time)
}

interface Told {
  readonly event: TaskEvent
  readonly verb: NomadTask['verb']
  readonly verdict: Verdict
}

function ends(task: TaskRecord, seen: ReadonlySet<string>): Told[] {
  return endingsOf(task).flatMap((ending): Told[] => {
    const { event, isAsked } = ending
    if (seen.has(event.time)) return []
    if (event.isOom && !isAsked) return [{ event, verb: 'oom', verdict: verdictOf(ending, 'oom', isKill(event) ? 'driver' : 'suspected') }]
    // What Nomad itself ended is no failure, whatever code or signal it ended with.
    if (isAsked || (event.code === 0 && (event.signal ?? 0) === 0)) return []
    return [{ event, verb: 'failed', verdict: verdictOf(ending, causeOf(event), 'proved') }]
  })
}

function isKill({ code, signal, says }: TaskEvent): boolean {
  return code === KILLED || signal === KILL || /oom/i.test(says)
}

function causeOf(event: TaskEvent): Verdict['cause'] {
  if (event.signal === KILL || event.code === KILLED) return 'killed'
  if ((event.signal ?? 0) > 0) return 'signal'
  return event.code === null ? 'unknown' : 'exit'
}

function verdictOf({ event, willRestart }: Ending, cause: Verdict['cause'], confidence: Verdict['confidence']): Verdict {
  return { cause, confidence, exitCode: event.code, signal: event.signal, detail: event.says, willRestart }
}

function troubles(task: TaskRecord, seen: ReadonlySet<string>): Told[] {
  return task.events.flatMap((event): Told[] => {
    const cause = TROUBLE[event.type]
    if (cause === undefined || seen.has(event.time)) return []
    return [{ event, verb: 'failed', verdict: { cause, confidence: 'proved', exitCode: null, signal: null, detail: event.says, willRestart: null } }]
  })
}

function surrender(task: TaskRecord, seen: ReadonlySet<string>): Told[] {
  return task.events.flatMap((event): Told[] => {
    if (event.type !== 'Not Restarting' || seen.has(event.time) || !(event.isFatal || task.isFailed)) return []
    const ended = endingsOf(task).at(-1)?.event
    return [{ event, verb: 'gave_up', verdict: { cause: 'policy', confidence: 'proved', exitCode: ended?.code ?? null, signal: ended?.signal ?? null, detail: event.says, willRestart: false } }]
  })
}

/** Ends that the counter of restarts proves and the history, which keeps ten events, no longer shows. */
function missedEnds(task: TaskRecord, seen: ReadonlySet<string>, restarts: number): number {
  const shown = endingsOf(task).filter(({ event, willRestart }) => !seen.has(event.time) && willRestart !== false).length
  return Math.max(0, restarts - shown)
}

function findingOf(after: AllocRecord, task: TaskRecord, event: TaskEvent, verb: NomadTask['verb'], verdict: Verdict, coalesced: number): TaskFinding {
  const { namespace, job, group, id, nodeName } = after
  return {
    event: 'nomad/task',
    verb,
    subject: { namespace, job, group, task: task.name, alloc: id, node: nodeName },
    verdict,
    change: { to: task.state, restarts: task.restarts },
    links: { eval: orNull(after.eval), nodeId: after.node },
    mark: event.time,
    settled: true,
    coalesced,
    occurred: timeOf(event.time),
    clock: 'client',
  }
}
