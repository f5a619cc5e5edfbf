import type { AllocRecord, TaskEvent, TaskRecord } from './record.ts'

/** One end of a task that its history shows, with what led to it and what came of it. */
export interface Ending {
  readonly event: TaskEvent
  /** True when Nomad itself ended the task: a stop, or a restart that somebody or a health check asked for. */
  readonly isAsked: boolean
  /** Whether Nomad starts it again; null where the history does not say yet. */
  readonly willRestart: boolean | null
}

/** Every end in a task's history, in its order. */
export function endingsOf({ events }: TaskRecord): Ending[] {
  const found: Ending[] = []
  let isAsked = false
  for (const [position, event] of events.entries()) {
    if (event.type === 'Killing' || event.type === 'Restart Signaled') isAsked = true
    if (event.type === 'Started') isAsked = false
    if (event.type !== 'Terminated') continue
    found.push({ event, isAsked, willRestart: fateAfter(events.slice(position + 1)) })
    isAsked = false
  }
  return found
}

function fateAfter(later: readonly TaskEvent[]): boolean | null {
  const next = later.find(({ type }) => type === 'Restarting' || type === 'Not Restarting' || type === 'Started' || type === 'Killed')
  return next === undefined ? null : next.type === 'Restarting' || next.type === 'Started'
}

/** Why the last restart in place happened, and how the task ended before it. */
export function restartOf({ events }: TaskRecord): { readonly cause: 'policy' | 'unhealthy' | 'operator'; readonly detail: string; readonly code: number | null; readonly signal: number | null; readonly time: string } {
  const position = events.findLastIndex(({ type }) => type === 'Restarting')
  const restarting = events[position]
  const before = events.slice(0, position + 1)
  const ended = before.findLast(({ type }) => type === 'Terminated')
  const since = before.slice(before.findLastIndex(({ type }) => type === 'Started') + 1)
  const signaled = since.find(({ type }) => type === 'Restart Signaled')
  const detail = signaled?.says ?? restarting?.says ?? ''
  const cause = signaled === undefined ? 'policy' : /health/i.test(detail) ? 'unhealthy' : 'operator'
  return { cause, detail, code: ended?.code ?? null, signal: ended?.signal ?? null, time: restarting?.time ?? '' }
}

/** The end that made an allocation fail: of the task that failed, its last one. */
export function endOf({ tasks }: AllocRecord): { readonly task: string; readonly code: number | null; readonly signal: number | null; readonly time: string } {
  const failed = tasks.find(({ isFailed }) => isFailed)
  const ended = failed?.events.findLast(({ type }) => type === 'Terminated')
  return { task: failed?.name ?? '', code: ended?.code ?? null, signal: ended?.signal ?? null, time: ended?.time ?? '' }
}
