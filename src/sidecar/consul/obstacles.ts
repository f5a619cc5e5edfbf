import type { Line } from './line.ts'
import type { Hindered, Hindrance } from './reader.ts'
import { Troubles } from './troubles.ts'

/** Milliseconds that a hindrance may last before it is told: an election or a restart is over by then. */
const PATIENCE: Readonly<Record<Hindrance, number>> = { auth: 0, filtered: 0, internal: 0, limited: 0, stale: 5000, unreachable: 5000 }
/** How long few connections are used after a limit was met. */
const LIMITED = 60_000

/** What stands in the way of reading, and what is done about it. */
export class Obstacles {
  readonly #line: Line
  readonly #troubles = new Troubles()
  #limitedUntil = 0

  constructor(line: Line) {
    this.#line = line
  }

  /** Few connections are to be used. */
  get isLimited(): boolean {
    return Date.now() < this.#limitedUntil
  }

  /** Nothing that is read now may be concluded from. */
  get isBlocked(): boolean {
    return this.#troubles.causes.some((cause) => cause !== 'limited')
  }

  /** What a person must know of now; null when nothing lasts. */
  get degraded(): string | null {
    return this.#troubles.degraded
  }

  /** A question came to nothing: another agent is asked, or fewer questions are. */
  met({ cause, message }: Hindered, generation: number): void {
    if (cause === 'limited') return this.#limit(message)
    if (cause === 'unreachable' || cause === 'stale') this.#line.failed(generation)
    this.#troubles.raise(cause, message, PATIENCE[cause], Date.now())
  }

  /** The whole catalogue was read and proved: nothing stands in the way but a limit that was met lately. */
  passed(): void {
    for (const cause of this.#troubles.causes) if (cause !== 'limited') this.#troubles.clear(cause)
  }

  /** A list was read; with all connections in use for a while, there is no limit any more. */
  heard(): void {
    if (Date.now() > this.#limitedUntil + LIMITED / 2) this.#troubles.clear('limited')
  }

  #limit(message: string): void {
    this.#limitedUntil = Date.now() + LIMITED
    this.#troubles.raise('limited', `the agent limits connections (${message}); one query is used instead of several; raise its limits.http_max_conns_per_client`, 0, Date.now())
  }
}
