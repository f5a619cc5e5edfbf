/** Pauses that double from `least` to `most` milliseconds, each drawn anew below its bound, so that many clients do not come at once. */
export class Backoff {
  readonly #least: number
  readonly #most: number
  #bound: number

  constructor(least: number, most: number) {
    this.#least = least
    this.#most = most
    this.#bound = least
  }

  /** The next pause in milliseconds. */
  next(): number {
    const pause = Math.random() * this.#bound
    this.#bound = Math.min(this.#bound * 2, this.#most)
    return pause
  }

  /** It worked: the next pause is short again. */
  reset(): void {
    this.#bound = this.#least
  }
}
