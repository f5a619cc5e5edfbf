import type { FactOf } from '../fact.ts'
import { allocOf } from './instance-fact.ts'
import { heldFor, isOver, markOf, type Draft } from './moment.ts'
import { instanceKey, memberKey, type Agent, type GoneMember, type Instance, type KnownMember, type Member } from './record.ts'

type Node = FactOf<'consul/node'>

/** Shortest time after which the servers forget a failed node by themselves. */
const RECONNECT_FLOOR = 8 * 3600
/** How many instances are named. */
const NAMED = 100

/** Judges one node that the view shows. */
export function judgeMember(draft: Draft, key: string, seen: Member): void {
  const known = draft.before.member.get(key)
  const gone = draft.before.goneMember.get(key)
  // The list of nodes and that of checks are of two moments: an agent without a check may only be missing in the other list.
  if (seen.agent === 'unwatched' && known?.agent !== 'unwatched' && draft.moment.proof === null) return void draft.members.add(key)
  if (gone !== undefined) return takeBack(draft, key, gone, seen)
  if (known === undefined) return join(draft, key, seen)
  const { isReverted } = draft.moment
  if (!isReverted && seen.created > known.created) {
    keep(draft, key, seen)
    return tell(draft, seen, 'joined', { cause: 'recovered', confidence: 'inferred' }, known, seen.agent, seen.created)
  }
  if (seen.agent === known.agent) return isReverted ? keep(draft, key, seen) : undefined
  keep(draft, key, seen)
  if (seen.agent === 'critical') tell(draft, seen, 'failed', { cause: 'unreachable', confidence: 'proved' }, known, seen.agent, seen.index)
  else if (known.agent === 'critical') tell(draft, seen, 'alive', { cause: 'reachable', confidence: 'proved' }, known, seen.agent, seen.index)
}

/** Judges one remembered node that the view does not show; what was on it goes with it. */
export function judgeMissing(draft: Draft, key: string, known: KnownMember): void {
  const { before, after, moment } = draft
  const isStillUsed = [...after.instances.values()].some((instance) => memberKey(instance) === key)
  if (moment.proof === null || isStillUsed) {
    draft.members.add(key)
    return
  }
  const carried = [...before.instance].filter(([, instance]) => memberKey(instance) === key)
  const cause = reasonOf(known, draft)
  const gone: GoneMember = { ...known, goneAt: moment.now, cause: cause.cause, instances: carried.map(([, instance]) => instance) }
  draft.lost.add(key)
  draft.edits.push({ kind: 'member', key, value: null }, { kind: 'goneMember', key, value: gone })
  for (const [one] of carried) draft.edits.push({ kind: 'instance', key: one, value: null })
  tellGone(draft, gone, false)
}

/** Settles the absence of a node that the view does not show either, once its quiet time is over. */
export function judgeGoneMember(draft: Draft, key: string, gone: GoneMember): void {
  const { moment } = draft
  if (!isOver(gone.goneAt, moment.patience.quiet, moment.now)) return
  if (moment.proof === null) {
    draft.isDue = true
    return
  }
  draft.edits.push({ kind: 'goneMember', key, value: null })
  tellGone(draft, gone, true)
}

function join(draft: Draft, key: string, seen: Member): void {
  const { isBaseline, isReverted } = draft.moment
  keep(draft, key, seen)
  if (isBaseline) inherit(draft, seen)
  else tell(draft, seen, 'joined', { cause: isReverted ? 'reverted' : 'new', confidence: 'proved' }, null, seen.agent, seen.created)
}

/** At the first view of a new journal, tells what another one cannot have told, with the id that it would have had. */
function inherit(draft: Draft, seen: Member): void {
  const { toldTo } = draft.moment
  if (toldTo === null) return
  if (seen.created > toldTo) tell(draft, seen, 'joined', { cause: 'new', confidence: 'inferred' }, null, seen.agent, seen.created)
  else if (seen.agent === 'critical' && seen.index > toldTo) tell(draft, seen, 'failed', { cause: 'unreachable', confidence: 'proved' }, null, seen.agent, seen.index)
}

function takeBack(draft: Draft, key: string, gone: GoneMember, seen: Member): void {
  const { after, moment } = draft
  draft.edits.push({ kind: 'goneMember', key, value: null })
  keep(draft, key, seen)
  // Its agent registers its services a moment after itself: each gets a quiet time of its own, and a word only if it stays away.
  for (const instance of gone.instances) {
    const one = instanceKey(instance)
    if (!after.instances.has(one)) draft.edits.push({ kind: 'gone', key: one, value: { ...instance, goneAt: moment.now, cause: 'node_returned', confidence: 'inferred', isUntold: true } })
  }
  tell(draft, seen, 'joined', { cause: 'recovered', confidence: 'proved' }, gone, seen.agent, seen.created)
}

function keep(draft: Draft, key: string, seen: Member): void {
  draft.edits.push({ kind: 'member', key, value: { ...seen, since: draft.moment.isBaseline ? null : draft.moment.now } })
}

function reasonOf(known: KnownMember, { moment }: Draft): { readonly cause: GoneMember['cause']; readonly confidence: Node['verdict']['confidence'] } {
  if (moment.isReverted) return { cause: 'reverted', confidence: 'proved' }
  if (known.agent === 'unwatched') return { cause: 'external', confidence: 'proved' }
  if (known.agent === 'passing') return { cause: 'graceful', confidence: 'inferred' }
  const held = heldFor(known.since, moment.now)
  if (held === null) return { cause: 'reconnect_timeout', confidence: 'suspected' }
  return { cause: held >= RECONNECT_FLOOR ? 'reconnect_timeout' : 'forced', confidence: 'inferred' }
}

function tellGone(draft: Draft, gone: GoneMember, isSettled: boolean): void {
  const { confidence } = reasonOf(gone, draft)
  const fact = memberFact(draft, gone, gone.agent === 'critical' ? 'reaped' : 'left', { cause: gone.cause, confidence }, gone, null, gone.index, gone.instances, gone.goneAt)
  const { moment } = draft
  draft.facts.push({ ...fact, change: { ...fact.change, quiet: Math.round(moment.patience.quiet / 1000) }, settled: isSettled, evidence: moment.proof ?? moment.evidence })
}

function tell(draft: Draft, member: Member, verb: Node['verb'], verdict: Node['verdict'], from: KnownMember | null, to: Agent, index: number): void {
  const key = memberKey(member)
  const here = [...draft.after.instances.values()].filter((instance) => memberKey(instance) === key)
  draft.facts.push(memberFact(draft, member, verb, verdict, from, to, index, here))
}

function memberFact(
  { moment }: Draft,
  { node, partition }: Member,
  verb: Node['verb'],
  verdict: Node['verdict'],
  from: KnownMember | null,
  to: Agent | null,
  index: number,
  instances: readonly Instance[],
  goneAt: number | null = null,
): Node {
  const named = instances.slice(0, NAMED)
  return {
    event: 'consul/node',
    verb,
    subject: { datacenter: moment.datacenter, partition, node },
    verdict,
    change: {
      from: from?.agent ?? null,
      to,
      held: from === null ? null : heldFor(from.since, goneAt ?? moment.now),
      quiet: null,
      count: instances.length,
      instances: named.map(({ name, id }) => `${name}/${id}`),
    },
    links: { allocs: named.flatMap(({ id }) => allocOf(id) ?? []) },
    mark: markOf(moment, index),
    origin: moment.origin,
    source: moment.source,
    time: { occurred: null, observed: new Date(moment.now).toISOString(), clock: 'sidecar' },
    settled: true,
    coalesced: 0,
    evidence: moment.evidence,
  }
}
