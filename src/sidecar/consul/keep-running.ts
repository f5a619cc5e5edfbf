import { Backoff } from '../backoff.ts'
import { messageOf } from '../refusal.ts'
import type { Source, Standing } from '../source.ts'
import { rest } from './desk.ts'

/** One life of a source. */
export interface Run {
  /** Reads until it is aborted; rejects when it breaks, and nothing of it goes on then. */
  readonly run: () => Promise<void>
  readonly abort: () => void
  readonly standing: () => Standing
}

/** Keeps a source running until it is stopped: one that breaks is degraded, and begins anew from what it committed. */
export function keepRunning(make: () => Run, log: (problem: string) => void): Source {
  const over = new AbortController()
  const backoff = new Backoff(1000, 60_000)
  let run = make()
  let heard = 0
  /** Why the life before this one ended, until this one has read everything. */
  let problem: string | null = null
  const live = async (): Promise<void> => {
    while (!over.signal.aborted) {
      try {
        await run.run()
      } catch (thrown) {
        heard = run.standing().heard
        problem = `the source ended: ${messageOf(thrown)}; it begins anew from what it has committed`
        log(problem)
        run = make()
        await rest(backoff.next(), over.signal)
      }
    }
  }
  const living = live()
  return {
    standing: () => {
      const standing = run.standing()
      if (standing.isReady) problem = null
      return problem === null ? standing : { ...standing, degraded: standing.degraded ?? `internal: ${problem}`, heard: Math.max(heard, standing.heard) }
    },
    stop: async () => {
      over.abort()
      run.abort()
      await living
    },
  }
}
