import { isOver, type Draft } from './moment.ts'
import type { Flap, Health, Instance, KnownInstance } from './record.ts'
import { instanceFact, type InstanceNews } from './instance-fact.ts'

/** Tells a change of an instance, or holds it back while the instance flaps; `isFall` when it was lost or got worse. */
export function tell(draft: Draft, key: string, isFall: boolean, news: InstanceNews): void {
  const { moment, before } = draft
  const old = before.flap.get(key) ?? { falls: [], toldAt: 0, held: 0 }
  const falls = [...recent(old, moment.now, moment.patience.flapWindow), ...(isFall ? [moment.now] : [])]
  const isFlapping = old.toldAt !== 0 || falls.length >= moment.patience.flapCount
  if (!isFlapping) {
    if (falls.length > 0) draft.edits.push({ kind: 'flap', key, value: { ...old, falls } })
    draft.facts.push(instanceFact(draft, { ...news, falls: falls.length }))
    return
  }
  const isTold = old.toldAt !== 0 && !isOver(old.toldAt, moment.patience.flapWindow, moment.now)
  if (!isTold && isFall) draft.facts.push(instanceFact(draft, { ...news, verb: 'flapping', cause: 'flapping', confidence: 'proved', falls: falls.length, isSettled: true }))
  draft.edits.push({ kind: 'flap', key, value: { falls, toldAt: isTold || !isFall ? old.toldAt : moment.now, held: old.held + 1 } })
}

/** Tells the end of an absence for good: whatever was held back before it is over, too. */
export function tellLast(draft: Draft, key: string, news: InstanceNews): void {
  const old = draft.before.flap.get(key)
  const falls = old === undefined ? 0 : recent(old, draft.moment.now, draft.moment.patience.flapWindow).length
  draft.facts.push(instanceFact(draft, { ...news, falls, coalesced: old?.held ?? 0 }))
  if (old !== undefined) draft.edits.push({ kind: 'flap', key, value: null })
}

/** Ends the flapping of an instance that holds still for a whole window, with its state as the last word. */
export function endFlap(draft: Draft, key: string, instance: Instance): void {
  const { moment, before } = draft
  const old = before.flap.get(key)
  if (old === undefined || recent(old, moment.now, moment.patience.flapWindow).length > 0) return
  draft.edits.push({ kind: 'flap', key, value: null })
  if (old.toldAt === 0) return
  const { health, index, created } = instance
  draft.facts.push(instanceFact(draft, { instance, verb: verbOf(health), cause: 'flapping_ended', from: null, to: health, index: Math.max(index, created), coalesced: old.held }))
}

/** The verb that says a health. */
export function verbOf(health: Health): InstanceNews['verb'] {
  return health === 'unchecked' ? 'registered' : health
}

/** When the flapping of something may end, by our clock. */
export function flapEnds(flap: Flap, window: number): number {
  return Math.max(0, ...flap.falls) + window
}

/** Says that a health is worse than another one. */
export function isWorse(to: Health, from: KnownInstance['health']): boolean {
  const rank = { passing: 0, unchecked: 0, maintenance: 0, warning: 1, critical: 2 }
  return rank[to] > rank[from]
}

function recent({ falls }: Flap, now: number, window: number): number[] {
  return falls.filter((fall) => !isOver(fall, window, now))
}
