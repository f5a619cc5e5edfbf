import { brief, type Envelope } from './envelope.ts'
import type { AllocationStory } from './oracle.ts'
import { text } from './value.ts'

/** How far an allocation has come; a later verb may not stand before an earlier one. */
const STAGES: Readonly<Record<string, number>> = { placed: 0, started: 1, restarted: 2, failed: 3, stopped: 3, lost: 3, rescheduled: 4 }

/** What the oracle saw of these allocations and the receiver has not; empty when nothing was lost. */
export function missing(stories: ReadonlyMap<string, AllocationStory>, kept: readonly Envelope[]): string[] {
  return [...stories].flatMap(([id, story]) => {
    const has = (verb: string): boolean => kept.some((one) => one.event === 'nomad/alloc' && one.verb === verb && text(one.subject, 'alloc') === id)
    const wanted = [
      'placed',
      ...(story.statuses.includes('running') ? ['started'] : []),
      ...(story.statuses.includes('failed') ? ['failed'] : []),
    ]
    return wanted.filter((verb) => !has(verb)).map((verb) => `${story.job} ${id} ${verb} (${story.statuses.join(' → ')})`)
  })
}

/** Verbs that may happen once to an allocation and were told twice with different ids. */
export function doubled(kept: readonly Envelope[]): string[] {
  const counts = new Map<string, number>()
  for (const one of kept) {
    if (one.event !== 'nomad/alloc' || !['placed', 'started', 'failed', 'stopped'].includes(one.verb)) continue
    const key = `${one.verb} ${text(one.subject, 'alloc')}`
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return [...counts].filter(([, count]) => count > 1).map(([key, count]) => `${key} × ${count}`)
}

/** Facts of one allocation that stand in the wrong order within their epoch. */
export function disorder(kept: readonly Envelope[]): string[] {
  const stages = new Map<string, { readonly stage: number; readonly seq: number }>()
  const wrong: string[] = []
  for (const one of kept) {
    const stage = one.event === 'nomad/alloc' ? STAGES[one.verb] : undefined
    if (stage === undefined) continue
    const key = `${one.epoch} ${text(one.subject, 'alloc')}`
    const before = stages.get(key)
    if (before !== undefined && (stage < before.stage || one.seq < before.seq)) wrong.push(brief(one))
    stages.set(key, { stage, seq: one.seq })
  }
  return wrong
}

/** Sequence numbers that an epoch lacks. */
export function gaps(kept: readonly Envelope[]): string[] {
  const epochs = Map.groupBy(kept, ({ epoch }) => epoch)
  return [...epochs].flatMap(([epoch, all]) => {
    const seen = new Set(all.map(({ seq }) => seq))
    const last = Math.max(...seen)
    return Array.from({ length: last }, (_, position) => position + 1)
      .filter((seq) => !seen.has(seq))
      .map((seq) => `${epoch} ${seq}`)
  })
}
