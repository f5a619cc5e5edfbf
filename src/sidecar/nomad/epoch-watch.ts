import { regressions } from './cursor.ts'
import { readIndexes } from './lists.ts'
import type { Region } from './region.ts'
import { SessionOver } from './session.ts'

/**
 * Notices what a stream hides: after a restore it stays open and sends signs of life from the state before, for ever. A list that went back
 * is a restored state; a list of jobs or nodes that is ahead of the stream at two looks in a row is a stream that tells nothing any more.
 */
export function epochWatch(region: Region, signal: AbortSignal): () => Promise<void> {
  let ahead = 0
  return async () => {
    // Before the question: the stream goes on while the answer is on its way.
    const known = region.cursor?.reached ?? {}
    const now = await readIndexes(region.api, signal)
    const [back] = regressions(known, now)
    if (back !== undefined) throw new SessionOver('restored', `the list of ${back.name} went back from ${back.from} to ${back.to}: the servers were restored or rebuilt`)
    const most = Math.max(now.job ?? 0, now.node ?? 0)
    const heard = region.cursor?.index ?? 0
    if (ahead > heard && most >= ahead) throw new SessionOver('stale', `the lists are at ${most}, the stream still at ${heard}: it tells nothing any more`)
    ahead = most > heard ? most : 0
  }
}
