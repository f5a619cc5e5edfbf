/** Lets `burst` pass at once and then one per `pause` milliseconds. */
export class Bucket {
  readonly #burst: number
  readonly #pause: number
  #level: number
  #at: number

  constructor(burst: number, pause: number, now: number) {
    this.#burst = burst
    this.#pause = pause
    this.#level = burst
    this.#at = now
  }

  /** Takes a place and returns the milliseconds to wait for it. */
  take(now: number): number {
    // A clock that was set back gives nothing and takes nothing.
    this.#level = Math.min(this.#burst, this.#level + Math.max(0, now - this.#at) / this.#pause)
    this.#at = now
    this.#level -= 1
    return this.#level >= 0 ? 0 : Math.ceil(-this.#level * this.#pause)
  }
}
