import type { NomadNode } from '../../events/nomad/node.ts'
import { orNull, type FindingOf, type Moment } from './finding.ts'
import type { NodeMessage, NodeRecord } from './record.ts'

type NodeFinding = FindingOf<'nomad/node'>
type Verb = NomadNode['verb']
type Cause = NomadNode['verdict']['cause']

const MISSED = 'Node heartbeat missed'

/** Judges one node by the difference to what is remembered of it; pure. */
export function judgeNode(before: NodeRecord | null, after: NodeRecord, moment: Pick<Moment, 'era'>): NodeFinding[] {
  const told: Tell = (verb, cause, mark, message) => findingOf(before, after, verb, cause, `${mark}${moment.era}`, message)
  return [...registration(before, after, told), ...status(before, after, told), ...drain(before, after, told), ...toggles(before, after, moment), ...eligibility(lastSaid(before, after), after, told)]
}

/** A node that two lists do not have any more. */
export function judgeRemoval(before: NodeRecord, cause: 'purged' | 'collected' | 'reverted', era: string): NodeFinding {
  const gone = findingOf(before, before, 'removed', cause, `${before.created}${era}`, undefined)
  return { ...gone, verdict: { cause, confidence: 'inferred', detail: 'missing in two lists' }, change: { from: before.status, to: null, eligibilityFrom: before.eligibility, eligibility: null }, occurred: null }
}

type Tell = (verb: Verb, cause: Cause, mark: string | number, message?: NodeMessage) => NodeFinding

function registration(before: NodeRecord | null, after: NodeRecord, told: Tell): NodeFinding[] {
  return before === null ? [told('registered', 'registered', after.created, newest(after, /^Node registered/))] : []
}

function status(before: NodeRecord | null, after: NodeRecord, told: Tell): NodeFinding[] {
  const was = before?.status ?? 'initializing'
  const missed = newest(after, /heartbeat missed/)
  // Away both times, but not for the same heartbeat: it was back in between.
  if (before !== null && isAway(was) && isAway(after.status) && before.missed > 0 && after.missed > before.missed) {
    return [told('up', 'heartbeat', outage(before), newest(after, /reregistered|re-registered/)), told(after.status === 'down' ? 'down' : 'disconnected', 'heartbeat', outage(after), missed)]
  }
  if (after.status === 'down' && was !== 'down') return [told('down', missed === undefined && after.missed === 0 ? 'unknown' : 'heartbeat', outage(after), missed)]
  if (after.status === 'disconnected' && was !== 'disconnected') return [told('disconnected', 'heartbeat', outage(after), missed)]
  if (before === null || after.status !== 'ready') return []
  // It may have passed through `initializing` on its way back: the missed heartbeat stands until it is ready.
  if (was !== 'ready' && (was === 'down' || was === 'disconnected' || before.missed > 0)) return [told('up', 'heartbeat', outage(before), newest(after, /reregistered|re-registered/))]
  return was === 'ready' ? passed(before, after, told) : []
}

/** An outage that began and ended between two looks leaves its messages. */
function passed(before: NodeRecord, after: NodeRecord, told: Tell): NodeFinding[] {
  const first = after.messages.find(({ says, index }) => says === MISSED && index > before.modified)
  if (first === undefined) return []
  // That it counted as down, and not as disconnected, nothing proves any more.
  const down = told('down', 'heartbeat', first.index, first)
  return [{ ...down, verdict: { ...down.verdict, confidence: 'inferred' } }, told('up', 'heartbeat', first.index, newest(after, /reregistered|re-registered/))]
}

function isAway(status: string): boolean {
  return status === 'down' || status === 'disconnected'
}

function outage({ missed, modified }: NodeRecord): number {
  return missed === 0 ? modified : missed
}

function drain(before: NodeRecord | null, after: NodeRecord, told: Tell): NodeFinding[] {
  const wasDraining = before?.isDraining === true
  const isOther = after.drainStarted !== '' && after.drainStarted !== (before?.drainStarted ?? '')
  const found: NodeFinding[] = []
  if ((after.isDraining && !wasDraining) || (isOther && before !== null && !wasDraining)) found.push(told('drain_started', 'operator', after.drainStarted, newest(after, /drain strategy set/)))
  if (!after.isDraining && (wasDraining || found.length > 0)) {
    found.push(after.drain === 'complete' ? told('drain_done', 'drain', after.drainStarted, newest(after, /drain complete/)) : told('drain_cancelled', 'operator', after.drainStarted, newest(after, /drain disabled/)))
  }
  return found
}

const TOGGLE = /marked as (in)?eligible/

/** Changes of eligibility that its history shows since the last look: of several, each is told. */
function toggles(before: NodeRecord | null, after: NodeRecord, moment: Pick<Moment, 'era'>): NodeFinding[] {
  let known = before
  return togglesSince(before, after).flatMap((message) => {
    const was = known
    const verb = eligibilityBy(message)
    known = was === null ? null : { ...was, eligibility: verb }
    if (was === null || was.eligibility === verb) return []
    return [findingOf(was, { ...after, eligibility: verb }, verb, causeOf(message), `${message.index}${moment.era}`, message)]
  })
}

function togglesSince(before: NodeRecord | null, after: NodeRecord): NodeMessage[] {
  return before === null ? [] : after.messages.filter(({ says, index }) => index > before.modified && TOGGLE.test(says))
}

/** What was remembered, with the eligibility that its history told last. */
function lastSaid(before: NodeRecord | null, after: NodeRecord): NodeRecord | null {
  const last = togglesSince(before, after).at(-1)
  return before === null || last === undefined ? before : { ...before, eligibility: eligibilityBy(last) }
}

function eligibilityBy({ says }: NodeMessage): 'eligible' | 'ineligible' {
  return /as ineligible/.test(says) ? 'ineligible' : 'eligible'
}

function causeOf(message: NodeMessage | undefined): Cause {
  return /plan rejections/.test(message?.says ?? '') ? 'plan_rejections' : 'operator'
}

function eligibility(before: NodeRecord | null, after: NodeRecord, told: Tell): NodeFinding[] {
  const was = before?.eligibility ?? 'eligible'
  if (was === after.eligibility) return []
  if (after.eligibility === 'eligible') return [told('eligible', 'operator', changeOf(after), newest(after, /as eligible|drain disabled/))]
  // A drain makes its node ineligible; that is told by the drain.
  if (after.isDraining || (after.drainStarted !== '' && after.drainStarted !== (before?.drainStarted ?? ''))) return []
  const message = newest(after, /as ineligible/)
  return [told('ineligible', causeOf(message), changeOf(after), message)]
}

/** Index of the change of eligibility: of its message, which stays, and not of the node, which changes again. */
function changeOf(after: NodeRecord): number {
  return newest(after, /eligible|drain/)?.index ?? after.modified
}

function newest({ messages }: NodeRecord, pattern: RegExp): NodeMessage | undefined {
  return messages.findLast(({ says }) => pattern.test(says))
}

function findingOf(before: NodeRecord | null, after: NodeRecord, verb: Verb, cause: Cause, mark: string, message: NodeMessage | undefined): NodeFinding {
  return {
    event: 'nomad/node',
    verb,
    subject: { node: after.name, nodeId: after.id, datacenter: after.datacenter, pool: after.pool },
    verdict: { cause, confidence: 'proved', detail: message?.says ?? '' },
    change: { from: before?.status ?? null, to: after.status, eligibilityFrom: before?.eligibility ?? null, eligibility: after.eligibility },
    links: { accessor: verb.startsWith('drain') ? orNull(after.drainAccessor) : null },
    mark,
    settled: true,
    coalesced: 0,
    occurred: orNull(message?.at ?? ''),
    clock: 'server',
  }
}
