import { readIndexes } from './lists.ts'
import type { Region } from './region.ts'
import { SessionOver } from './session.ts'
import { wentBack, type Back } from './went-back.ts'

/** The servers were restored or rebuilt, as lists show that went back. */
export class Restored extends SessionOver {
  readonly back: Back

  constructor(back: Back) {
    super('restored', `the servers were restored or rebuilt: lists went back, ${back.map(({ name, from, to }) => `${name} ${from} -> ${to}`).join(', ')}`)
    this.back = back
  }
}

/** Milliseconds for which the lists may be ahead of a stream that lives: a follower is behind for less. */
const BEHIND = 8000
/** The lists whose indexes show a restore for longest: the stream tells every change of jobs and nodes. */
const LOOKED_AT = ['job', 'eval', 'alloc', 'node'] as const

/**
 * Notices what a stream hides: after a restore it may stay open and send signs of life from the state before, for ever. A list that went
 * back is a restored state, which its next writes soon hide; lists of jobs or nodes that stay ahead are a stream that tells nothing any more.
 */
export function epochWatch(region: Region, signal: AbortSignal): () => Promise<void> {
  let ahead: { readonly index: number; readonly since: number } | null = null
  return async () => {
    // Before the question: the stream goes on while the answer is on its way.
    const known = region.cursor?.reached ?? {}
    const now = await readIndexes(region.api, signal, LOOKED_AT)
    const back = await wentBack(region, known, now, false, signal)
    if (back.length > 0) throw new Restored(back)
    const most = Math.max(now.job ?? 0, now.node ?? 0)
    const heard = region.cursor?.index ?? 0
    // While something is written, the cursor stands still for that reason.
    if (most <= heard || region.isBusy || (ahead !== null && heard >= ahead.index)) ahead = null
    else ahead ??= { index: most, since: performance.now() }
    if (ahead !== null && performance.now() - ahead.since > BEHIND) throw new SessionOver('stale', `the lists are at ${most}, the stream still at ${heard}: it tells nothing any more`)
  }
}
