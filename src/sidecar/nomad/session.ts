import { IntakeError } from '../intake/intake-error.ts'
import type { Part } from '../intake/messages.ts'
import type { StreamHandle } from '../intake/stream-handle.ts'
import { AuthProblem } from './credentials.ts'
import type { Frame, Region } from './region.ts'
import { RIGHTS } from './rights.ts'

/** How patient a session is, in milliseconds. */
export interface Patience {
  readonly firstHeartbeat: number
  readonly watchdog: number
  readonly proof: number
}

/** The stream ended or fell silent; it is opened again. */
export class SessionOver extends Error {
  readonly why: string

  constructor(why: string, message: string) {
    super(message)
    this.name = 'SessionOver'
    this.why = why
  }
}

/** What the stream showed about its beginning: whether it goes on where we were. */
export type Proof = { readonly kind: 'continuous' } | { readonly kind: 'gap'; readonly to: number } | { readonly kind: 'unknown' }

/** Milliseconds until the headers must be there. */
const OPENING = 10_000
/** An index above every other: Nomad then begins with the last item it has, and goes on. */
const NEWEST = Number.MAX_SAFE_INTEGER
/** Events that are judged and written together when many wait. */
const BATCH = 400

/** Opens the stream; resolves once its first sign of life has proved that the token may read everything. */
export async function openStream(region: Region, patience: Patience): Promise<StreamHandle> {
  const handle = region.api.stream(region.cursor?.index ?? NEWEST, OPENING)
  try {
    await handle.opened()
    const first = await handle.peek(patience.firstHeartbeat)
    if (first === undefined) throw new AuthProblem(`the stream of ${region.api.address} gave no sign of life within ${patience.firstHeartbeat} ms: the token lacks a right; expected ${RIGHTS}`)
    return handle
  } catch (thrown) {
    handle.close()
    throw thrown
  }
}

/** Reads the replay at the beginning of a stream: the frame of our cursor in it proves that nothing was lost. */
export async function proveContinuity(handle: StreamHandle, cursor: number, patience: Patience): Promise<Proof> {
  for (;;) {
    const part = await handle.peek(patience.proof)
    if (part === undefined) return { kind: 'unknown' }
    if (part.kind === 'frame' && part.index === cursor) return { kind: 'continuous' }
    if (part.kind === 'frame' && part.index > cursor) return { kind: 'gap', to: part.index }
    if (part.kind === 'unreadable') return { kind: 'unknown' }
    // A heartbeat, or a frame from before our cursor: a server that is behind, or replays its log.
    await handle.next(0)
  }
}

/** Reads on for as long as the stream lives; throws when it ends, falls silent or cannot be read. What waits when its session is over is left. */
export async function readOn(region: Region, handle: StreamHandle, patience: Patience, heard: () => void, over: AbortSignal): Promise<never> {
  for (;;) {
    const part = await handle.next(patience.watchdog)
    if (over.aborted) throw new SessionOver('closed', `the stream of ${region.api.address} was closed`)
    if (part === null) {
      // The middle of a long line is a sign of life too.
      if (handle.silence < patience.watchdog) continue
      throw new SessionOver('watchdog', `${region.api.address} was silent for ${patience.watchdog} ms`)
    }
    heard()
    if (part.kind === 'end') throw new SessionOver('closed', `${region.api.address} closed the stream${part.torn > 0 ? `; ${part.torn} bytes of an unfinished line are discarded` : ''}`)
    if (part.kind === 'unreadable') throw unreadable(region, part)
    if (part.kind === 'frame') await take(region, handle, part, over)
  }
}

/** Judges this frame with those that came meanwhile: many small ones share one commit. */
async function take(region: Region, handle: StreamHandle, first: Frame, over: AbortSignal): Promise<void> {
  const frames = [first]
  let events = first.events.length
  while (events < BATCH) {
    const part = await handle.peek(0)
    if (part?.kind !== 'frame' && part?.kind !== 'heartbeat') break
    await handle.next(0)
    if (part.kind === 'heartbeat') continue
    frames.push(part)
    events += part.events.length
  }
  await region.exclusive(async () => {
    if (!over.aborted) await region.frames(frames)
  })
}

function unreadable(region: Region, { isText, reason, bytes }: Extract<Part, { kind: 'unreadable' }>): Error {
  // Servers before 1.11.2 write why they end a stream as a line of text.
  if (isText) {
    if (/permission denied|token/i.test(reason)) return new AuthProblem(`${region.api.address} ended the stream: ${reason}`)
    return new SessionOver(/dropped from buffer/.test(reason) ? 'slow' : 'closed', `${region.api.address} ended the stream: ${reason}`)
  }
  return new SessionOver('unreadable', `${region.api.address} sent a line of ${bytes} bytes that is refused: ${reason}`)
}

/** True when the server does not speak HTTP on its stream, as Nomad 1.11.2. */
export function isSpeechless(thrown: unknown): thrown is IntakeError {
  return thrown instanceof IntakeError && thrown.code === 'protocol'
}
