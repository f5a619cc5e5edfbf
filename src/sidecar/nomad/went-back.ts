import { setTimeout as pause } from 'node:timers/promises'
import { regressions, type Cursor } from './cursor.ts'
import { isThere, readChanges, readIndexes } from './lists.ts'
import { keyOf } from './memory.ts'
import type { Region } from './region.ts'

/** Lists that went back: name, index before and index now. */
export type Back = ReturnType<typeof regressions>

/** Milliseconds after which a leader that lost its office does not answer any more. */
export const DEPOSED = 1500
/** The lists whose rows are remembered with their change. */
const LOOKED_AT = ['job', 'alloc', 'node', 'deployment'] as const

/**
 * The lists that went back behind what is known, where they really did: one low answer may come from a leader that was deposed a moment ago.
 * It is believed when the lists are still low a moment later or, because the writes after a restore soon lift them again, when objects went
 * back. After a stream that was cut, as a restore cuts it, objects are looked at even when no list is low.
 */
export async function wentBack(region: Region, known: Cursor['lists'], now: Cursor['lists'], isCut: boolean, signal: AbortSignal): Promise<Back> {
  const back = regressions(known, now)
  const [first] = back
  if (first === undefined) return isCut ? olderObjects(region, known, false, signal) : []
  await pause(DEPOSED, undefined, { signal })
  const names = back.map(({ name }) => name)
  if (regressions(known, await readIndexes(region.api, signal, names)).length > 0) return back
  if ((await olderObjects(region, known, true, signal)).length > 0) return back
  region.log('notice', `the list of ${first.name} was at ${first.to} for a moment, before ${first.from} that was known; no object went back, so it is taken for an old answer`, { server: region.api.address })
  return []
}

/** Lists with an object at an earlier change than is known; where an answer was low, a job that is gone without a purge counts too. */
async function olderObjects(region: Region, known: Cursor['lists'], isLow: boolean, signal: AbortSignal): Promise<Back> {
  const { api, memory } = region
  const back: Back = []
  for (const name of LOOKED_AT) {
    // Before the question: the stream goes on while the answer is on its way.
    const before = [...memory[name].values()].map((row) => [keyOf(row), row.kind === 'job' ? row.specified : row.modified] as const)
    const { changes, index } = await readChanges(api, signal, name)
    // Rows of an old answer say nothing.
    if (index < (known[name] ?? 0)) continue
    const [older] = before.filter(([key, change]) => (changes.get(key) ?? change) < change)
    if (older !== undefined) back.push({ name, from: older[1], to: changes.get(older[0]) ?? 0 })
    else if (name === 'job' && isLow) back.push(...(await goneJobs(region, before.filter(([key]) => !changes.has(key)), signal)))
  }
  return back
}

async function goneJobs({ api, memory }: Region, missing: readonly (readonly [string, number])[], signal: AbortSignal): Promise<Back> {
  for (const [key, from] of missing) {
    const row = memory.job.get(key)
    if (row !== undefined && !(await isThere(api, signal, row))) return [{ name: 'job', from, to: 0 }]
  }
  return []
}
