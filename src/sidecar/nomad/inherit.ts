import { setTimeout as pause } from 'node:timers/promises'
import { regressions, type Cursor } from './cursor.ts'
import { readIndexes } from './lists.ts'
import type { Region } from './region.ts'
import { resync } from './resync.ts'
import { judgeEpoch, sayGap } from './self-facts.ts'
import { DEPOSED } from './went-back.ts'

/** Where another sidecar, or a journal that is lost, has brought the inbox: the cursor that a new journal goes on from. Null when there is nothing to go on from. */
export function inheritedCursor({ epoch, index }: { readonly epoch: string; readonly index: number }): Cursor | null {
  const era = Number(/#([1-9]\d*)$/.exec(epoch)?.[1])
  return Number.isSafeInteger(era) && index > 0 ? { index, era, lists: {}, reached: {}, heard: 0, since: index } : null
}

/** True until all lists were read for the first time. */
export function isFirst({ cursor }: Region): boolean {
  return cursor === null || cursor.since !== undefined
}

/** Reads all lists for the first time: silent, or telling what is younger than what the inbox has; what came and went since is a gap, and said to be one. */
export async function readFirst(region: Region, begin: Cursor['lists'], isProved: boolean, signal: AbortSignal): Promise<void> {
  await goOn(region, begin, signal)
  const after = region.cursor?.since
  await resync(region, after === undefined ? { mode: 'baseline', isProved } : { mode: 'inherited', after, isProved }, begin, signal)
  const to = region.cursor?.index ?? 0
  if (after === undefined || to <= after) return
  sayGap(region, 'journal_new', after, to, 'the journal is new: what is there and changed since is told from the lists, what came and went is not')
  await region.save()
}

/** Keeps what is gone on from; where no list has come as far as the inbox, the servers began anew since, and nothing of what is there is news. */
async function goOn(region: Region, begin: Cursor['lists'], signal: AbortSignal): Promise<void> {
  const { cursor } = region
  if (cursor?.since === undefined) return
  let index = highestOf(begin)
  if (index < cursor.since) {
    // One low answer may come from a leader that was deposed a moment ago.
    await pause(DEPOSED, undefined, { signal })
    index = highestOf(await readIndexes(region.api, signal))
  }
  const back = regressions({ job: cursor.since }, { job: index })
  const era = cursor.era + (back.length > 0 ? 1 : 0)
  if (back.length > 0) region.move({ ...cursor, index, era, since: index })
  judgeEpoch(region, back, era)
  await region.save()
}

function highestOf(lists: Cursor['lists']): number {
  return Math.max(...Object.values(lists))
}
