import { Backoff } from '../backoff.ts'
import type { ReducerName } from '../intake/reducers.ts'
import type { Answer } from './answer.ts'
import { Bucket } from './bucket.ts'
import { rest } from './desk.ts'
import { nextIndex } from './guard.ts'
import type { Line } from './line.ts'
import { Hindered, type Reader } from './reader.ts'
import { trusted } from './survey.ts'

/** A list that is asked for again and again, and what becomes of each answer. */
export interface Followed {
  readonly path: string
  readonly reduce: ReducerName
  /** Index of the answer that is known already when it is asked for first; 0 when there is none. */
  readonly index: () => number
  /** Milliseconds that one question waits for a change. */
  readonly wait: () => number
  /** Resolves when it may be asked for. */
  readonly gate: () => Promise<void>
  readonly heard: (answer: Answer, isChanged: boolean) => Promise<void> | void
  /** The list went back in time, or may have: everything must be looked at again. */
  readonly wentBack: () => void
  readonly hindered: (hindrance: Hindered, generation: number) => void
}

/** How fast a list may change and still be read at each change; faster ones are read once per `PAUSE`. */
const BURST = 2
const PAUSE = 1000

/** Milliseconds before its end at which a question that brings nothing new has come back too early. */
const EARLY = 500

/** Follows one list by blocking queries until the source stops. */
export async function follow(reader: Reader, line: Line, signal: AbortSignal, list: Followed): Promise<void> {
  const bucket = new Bucket(BURST, PAUSE, Date.now())
  const backoff = new Backoff(500, 10_000)
  await list.gate()
  let { generation } = line
  let index = list.index()
  while (!signal.aborted) {
    await list.gate()
    await rest(bucket.take(Date.now()), signal)
    if (generation !== line.generation) index = 0
    generation = line.generation
    try {
      const begin = performance.now()
      const wait = list.wait()
      const after = index === 0 ? {} : { after: { index, wait } }
      const answer = trusted(await reader.ask({ path: list.path, reduce: list.reduce, address: line.address, ...after }))
      backoff.reset()
      // An agent that was given up meanwhile does not count.
      if (generation !== line.generation) continue
      const asked = index
      // A restore lets go of every question with the answer of before: asked again with that index, the next one would hang.
      const isLetGo = asked !== 0 && answer.index === asked && performance.now() - begin < wait - EARLY
      index = isLetGo ? 0 : nextIndex(asked, answer.index)
      if (index === 0) list.wentBack()
      else await list.heard(answer, answer.index !== asked)
    } catch (thrown) {
      if (!(thrown instanceof Hindered)) throw thrown
      if (signal.aborted) return
      // A query whose index is ahead of the servers hangs in silence: after any failure the first question does not wait.
      index = 0
      list.hindered(thrown, generation)
      await rest(250 + backoff.next(), signal)
    }
  }
}
