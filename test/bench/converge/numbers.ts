import type { Counts, Kind } from './objects.ts'
import type { Step } from './tool.ts'

/** A request as it came to a server. */
export interface Asked {
  readonly service: 'nomad' | 'consul'
  readonly method: string
  readonly path: string
}

/** Requests of one step by kind of object; `other` are versions, tokens and whatever else is about no object. */
export interface Requests {
  readonly byKind: Readonly<Record<Kind | 'other', number>>
  readonly writes: number
  readonly connections: number
}

/** One step of one tool in one round. */
export interface Timed {
  readonly tool: string
  readonly step: Step
  readonly round: number
  readonly seconds: number
  /** Of the machine in the minute that ended with it, this benchmark's own included. */
  readonly load: number
}

const PLACES: readonly (readonly [Kind, Asked['service'], RegExp])[] = [
  ['namespaces', 'nomad', /^\/v1\/namespaces?\b/],
  ['policies', 'consul', /^\/v1\/acl\/polic(y|ies)\b/],
  ['keys', 'consul', /^\/v1\/kv\b/],
  ['jobs', 'nomad', /^\/v1\/(jobs?|deployments?|evaluations?|allocations?)\b/],
]
/** Nomad parses and plans by POST, and changes nothing by it. */
const QUESTION = /^\/v1\/(jobs\/parse|job\/[^/]+\/plan)\b/

/** Sorts requests by what they are about. */
export function countsOf(asked: readonly Asked[], connections: number): Requests {
  const counts = new Map<Kind | 'other', number>()
  for (const { service, path } of asked) {
    const kind = PLACES.find(([, where, pattern]) => where === service && pattern.test(path))?.[0] ?? 'other'
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }
  const of = (kind: Kind | 'other'): number => counts.get(kind) ?? 0
  return {
    byKind: { namespaces: of('namespaces'), policies: of('policies'), keys: of('keys'), jobs: of('jobs'), other: of('other') },
    writes: asked.filter(({ method, path }) => method !== 'GET' && !QUESTION.test(path)).length,
    connections,
  }
}

/** Requests for each object of a kind; null where the tool has none of it. */
export function perObject(requests: Requests, kind: Kind, kinds: readonly Kind[], counts: Counts): number | null {
  return kinds.includes(kind) ? requests.byKind[kind] / counts[kind] : null
}

/** Requests for each object, of all kinds and what is about none. */
export function perObjectOfAll(requests: Requests, kinds: readonly Kind[], counts: Counts): number {
  const objects = kinds.reduce((sum, kind) => sum + counts[kind], 0)
  return Object.values(requests.byKind).reduce((sum, one) => sum + one, 0) / objects
}

/** The middle one; of an even number the mean of the two. */
export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other)
  const middle = sorted.length / 2
  const [low = Number.NaN, high = Number.NaN] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]]
  return (low + high) / 2
}

/** Median of the seconds that a tool took for a step. */
export function secondsOf(times: readonly Timed[], tool: string, step: Step): number {
  return medianOf(times.filter((one) => one.tool === tool && one.step === step).map(({ seconds }) => seconds))
}

/** The least and the largest load under which a tool ran. */
export function loadsOf(times: readonly Timed[], tool: string): readonly [number, number] {
  const loads = times.filter((one) => one.tool === tool).map(({ load }) => load)
  return [Math.min(...loads), Math.max(...loads)]
}

/** How many times longer one tool took than another, by round: both ran in the same minutes. */
export function ratioOf(times: readonly Timed[], slow: string, fast: string, step: Step): number {
  const rounds = [...new Set(times.map(({ round }) => round))]
  return medianOf(rounds.map((round) => secondsOf(times.filter((one) => one.round === round), slow, step) / secondsOf(times.filter((one) => one.round === round), fast, step)))
}

/** Who begins changes from round to round: what is warm for one is so for each. */
export function orderOf<T>(contestants: readonly T[], round: number): readonly T[] {
  const first = round % contestants.length
  return [...contestants.slice(first), ...contestants.slice(0, first)]
}
