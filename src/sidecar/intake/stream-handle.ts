import { IntakeError } from './intake-error.ts'
import type { Part, Said } from './messages.ts'

/** What a handle tells the thread that reads for it. */
export interface StreamControl {
  readonly taken: (bytes: number) => void
  readonly close: () => void
}

/** How a stream ended: the server closed it, with so many bytes of an unfinished line, which were discarded. */
export interface StreamEnd {
  readonly kind: 'end'
  readonly torn: number
}

/** The main thread's end of one stream: parts in order, each taken by `next`, then its end; a failure is thrown. */
export class StreamHandle {
  readonly #control: StreamControl
  readonly #parts: Part[] = []
  #pieces: Part[] = []
  #last: StreamEnd | IntakeError | null = null
  #isOpen = false
  #heard = performance.now()
  #wake: (() => void) | null = null

  constructor(control: StreamControl) {
    this.#control = control
  }

  /** Milliseconds since anything came, were it the middle of a long line. */
  get silence(): number {
    return performance.now() - this.#heard
  }

  /** Waits until the server has sent its headers; throws an IntakeError where it has not. */
  async opened(): Promise<void> {
    while (!this.#isOpen && this.#last === null) await this.#wait(null)
    if (this.#last instanceof IntakeError) throw this.#last
  }

  /** The next part; the end when there is none; null when `milliseconds` pass without one. Throws an IntakeError. */
  async next(milliseconds: number): Promise<Part | StreamEnd | null> {
    const until = performance.now() + milliseconds
    while (this.#parts.length === 0 && this.#last === null) {
      const left = until - performance.now()
      if (left <= 0) return null
      await this.#wait(left)
    }
    const part = this.#parts.shift()
    if (part !== undefined) {
      if (part.kind !== 'heartbeat') this.#control.taken(part.bytes)
      return part
    }
    if (this.#last instanceof IntakeError) throw this.#last
    return this.#last
  }

  /** The part that came and was not taken yet, waited for so long; undefined when none comes or none will. Takes nothing. */
  async peek(milliseconds: number): Promise<Part | undefined> {
    const until = performance.now() + milliseconds
    while (this.#parts.length === 0 && this.#last === null && performance.now() < until) await this.#wait(until - performance.now())
    return this.#parts[0]
  }

  /** Ends it; what has come stays to be taken. */
  close(): void {
    this.#last ??= { kind: 'end', torn: 0 }
    this.#control.close()
    this.#wake?.()
  }

  /** Takes what the thread says about this stream. */
  hear(said: Said): void {
    if (this.#last !== null) return
    this.#heard = performance.now()
    if (said.kind === 'open') this.#isOpen = true
    if (said.kind === 'part') this.#gather(said.part, said.isLast)
    if (said.kind === 'end') this.#last = { kind: 'end', torn: said.torn }
    if (said.kind === 'failed') this.#last = new IntakeError(said.failure)
    if (said.kind !== 'part' || said.isLast) this.#wake?.()
  }

  #gather(part: Part, isLast: boolean): void {
    if (!isLast) return void this.#pieces.push(part)
    if (this.#pieces.length === 0 || part.kind !== 'frame') return void this.#parts.push(part)
    const events = [...this.#pieces, part].flatMap((piece) => (piece.kind === 'frame' ? piece.events : []))
    this.#pieces = []
    this.#parts.push({ ...part, events })
  }

  #wait(milliseconds: number | null): Promise<void> {
    return new Promise((resolve) => {
      const timer = milliseconds === null ? undefined : setTimeout(() => this.#wake?.(), Math.ceil(milliseconds))
      this.#wake = () => {
        clearTimeout(timer)
        this.#wake = null
        resolve()
      }
    })
  }
}
