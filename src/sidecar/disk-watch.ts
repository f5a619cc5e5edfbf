import type { Log } from './log.ts'
import type { Note } from './self.ts'

/** A refusing disk cannot hold the alarm about itself: until it heals, standard error and `/readyz` say so; then the alarm is written. */
export class DiskWatch {
  readonly #note: (note: Note) => void
  readonly #log: Log
  #since = 0
  #first = ''
  /** Why the disk refuses; null when it does not. */
  problem: string | null = null

  constructor(note: (note: Note) => void, log: Log) {
    this.#note = note
    this.#log = log
  }

  /** The disk refuses, for this reason, or (null) takes writes again. */
  tell(problem: string | null): void {
    if (problem !== null) {
      if (this.problem === null) {
        this.#since = performance.now()
        this.#first = problem
      }
      this.#log('alert', 'the disk refuses: nothing is acknowledged until it heals', { reason: problem })
    } else if (this.problem !== null) {
      const seconds = ((performance.now() - this.#since) / 1000).toFixed(1)
      this.#note({ verb: 'alarm', source: 'bridge', cause: 'disk', detail: `${this.#first}, for ${seconds} s; nothing was acknowledged meanwhile, and nothing is lost` })
    }
    this.problem = problem
  }
}
