import type { FactOf } from '../fact.ts'
import { endFlap, isWorse, tell, tellLast, verbOf } from './flap.ts'
import { isOver, type Draft } from './moment.ts'
import { memberKey, type GoneInstance, type Instance, type KnownInstance } from './record.ts'

/** Shortest time of critical after which an agent removes an instance; nothing in the configuration can lower it. */
const REAP_FLOOR = 60
/** Seconds by which we may have seen the beginning later than the agent did. */
const REAP_LATE = 5

/** Judges one instance that the view shows. */
export function judgeSeen(draft: Draft, key: string, seen: Instance): void {
  const { before } = draft
  const known = before.instance.get(key)
  const gone = before.gone.get(key)
  if (gone !== undefined) return takeBack(draft, key, gone, seen)
  if (known !== undefined) return compare(draft, key, known, seen)
  const waiting = before.goneMember.get(memberKey(seen))
  if (waiting?.instances.some(({ id, namespace }) => id === seen.id && namespace === seen.namespace) === true) return keep(draft, key, seen)
  register(draft, key, seen)
}

/** Judges one remembered instance that the view does not show. */
export function judgeUnseen(draft: Draft, key: string, known: KnownInstance): void {
  const { after, before, moment } = draft
  const node = memberKey(known)
  if (draft.lost.has(node)) return
  // The end of a node that was known is told first, with what was on it; of one that never was, nobody else will tell.
  if (moment.proof === null || (!after.members.has(node) && before.member.has(node))) {
    draft.instances.add(key)
    return
  }
  const gone: GoneInstance = { ...known, goneAt: moment.now, ...reasonOf(known, draft), isUntold: false }
  draft.edits.push({ kind: 'instance', key, value: null }, { kind: 'gone', key, value: gone })
  tell(draft, key, true, absence(gone, false))
}

/** Settles the absence of an instance that the view does not show either, once its quiet time is over. */
export function judgeGone(draft: Draft, key: string, gone: GoneInstance): void {
  const { moment } = draft
  if (!isOver(gone.goneAt, moment.patience.quiet, moment.now)) return
  if (moment.proof === null) {
    draft.isDue = true
    return
  }
  draft.edits.push({ kind: 'gone', key, value: null })
  tellLast(draft, key, absence(gone, true))
}

function register(draft: Draft, key: string, seen: Instance): void {
  const { isBaseline, isReverted } = draft.moment
  if (isBaseline) {
    draft.edits.push({ kind: 'instance', key, value: { ...seen, since: null } })
    return inherit(draft, key, seen)
  }
  keep(draft, key, seen)
  tell(draft, key, false, { instance: seen, verb: 'registered', cause: isReverted ? 'reverted' : 'new', from: null, to: seen.health, index: bornAt(seen) })
}

/** At the first view of a new journal, tells what another one cannot have told, with the id that it would have had. A check that is as bad as before may have been written again, so that is only suspected. */
function inherit(draft: Draft, key: string, seen: Instance): void {
  const { toldTo } = draft.moment
  if (toldTo === null) return
  const { health } = seen
  if (bornAt(seen) > toldTo) return tell(draft, key, false, { instance: seen, verb: 'registered', cause: 'new', confidence: 'inferred', from: null, to: health, index: bornAt(seen) })
  if (health === 'passing' || health === 'unchecked' || seen.index <= toldTo) return
  const cause = health === 'maintenance' ? (seen.isNodeHeld ? 'node_maintenance' : 'operator') : 'check'
  tell(draft, key, false, { instance: seen, verb: verbOf(health), cause, confidence: 'suspected', from: null, to: health, index: seen.index })
}

function takeBack(draft: Draft, key: string, gone: GoneInstance, seen: Instance): void {
  draft.edits.push({ kind: 'gone', key, value: null })
  keep(draft, key, seen)
  if (gone.isUntold) return
  tell(draft, key, false, { instance: seen, verb: 'registered', cause: 'recovered', from: gone.health, to: seen.health, since: gone.since, until: gone.goneAt, index: bornAt(seen) })
}

function compare(draft: Draft, key: string, known: KnownInstance, seen: Instance): void {
  const { isReverted, seen: lastIndex, proof } = draft.moment
  // The list of checks and that of the catalogue are of two moments: it may be gone from the one and not yet from the other.
  if (seen.health === 'unchecked' && known.health !== 'unchecked' && proof === null) return void draft.instances.add(key)
  const isSameSort = (known.health === 'unchecked') === (seen.health === 'unchecked') && seen.created !== 0 && known.created !== 0
  const isReplaced = seen.name !== known.name || (isSameSort && seen.created > known.created && seen.created > lastIndex)
  // An instance may gain or lose its first check without being registered again.
  const created = isReplaced || isReverted ? bornAt(seen) : known.created || seen.created
  if (isReplaced && !isReverted) {
    keep(draft, key, seen)
    return tell(draft, key, true, { instance: seen, verb: 'registered', cause: 'replaced', confidence: 'inferred', from: known.health, to: seen.health, since: known.since, index: created })
  }
  if (seen.health === known.health) {
    if (isReverted || seen.isNodeHeld !== known.isNodeHeld || seen.reapAfter !== known.reapAfter) draft.edits.push({ kind: 'instance', key, value: { ...seen, created, since: known.since } })
    return endFlap(draft, key, seen)
  }
  // The check that was bad may be gone altogether: then the index of the others is an old one, and would be an old id.
  const index = isReverted ? seen.index : Math.max(seen.index, known.index)
  keep(draft, key, { ...seen, index, created })
  tell(draft, key, isWorse(seen.health, known.health), {
    instance: seen,
    verb: verbOf(seen.health),
    cause: isReverted ? 'reverted' : causeOf(known, seen),
    from: known.health,
    to: seen.health,
    since: known.since,
    index,
  })
}

function causeOf(known: KnownInstance, seen: Instance): FactOf<'consul/service'>['verdict']['cause'] {
  if (seen.health === 'maintenance') return seen.isNodeHeld ? 'node_maintenance' : 'operator'
  return known.health === 'maintenance' ? 'maintenance_ended' : 'check'
}

/** Why an instance is gone while its node is not. The catalogue does not keep a check's own deadline, so its lower bound stands for it. */
function reasonOf(known: KnownInstance, { moment }: Draft): Pick<GoneInstance, 'cause' | 'confidence'> {
  if (moment.isReverted) return { cause: 'reverted', confidence: 'proved' }
  if (known.health !== 'critical') return { cause: 'explicit', confidence: 'proved' }
  const deadline = Math.max(REAP_FLOOR, known.reapAfter)
  if (known.since === null) return { cause: 'critical_timeout', confidence: 'suspected' }
  if ((moment.now - known.since) / 1000 + REAP_LATE < deadline) return { cause: 'explicit', confidence: 'proved' }
  return { cause: 'critical_timeout', confidence: known.reapAfter > 0 ? 'inferred' : 'suspected' }
}

function absence(gone: GoneInstance, isSettled: boolean): Parameters<typeof tell>[3] {
  const { cause, confidence, health, since, goneAt } = gone
  return { instance: gone, verb: 'deregistered', cause, confidence, from: health, to: null, since, until: goneAt, index: bornAt(gone), isSettled }
}

function keep(draft: Draft, key: string, seen: Instance): void {
  draft.edits.push({ kind: 'instance', key, value: { ...seen, since: draft.moment.now } })
}

/** The index that stands for the life of an instance; of one with no check but maintenance, that of the maintenance. */
function bornAt({ created, index }: Instance): number {
  return created === 0 ? index : created
}
