/** Random choices that a seed repeats. */
export class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** A number from 0 up to 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }

  /** A whole number of at least `least` and at most `most`. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1))
  }

  /** One of several. */
  pick<T>(first: T, ...others: readonly T[]): T {
    return [first, ...others][Math.floor(this.next() * (others.length + 1))] ?? first
  }

  /** The same things in another order. */
  shuffled<T>(things: readonly T[]): T[] {
    return things.map((thing) => ({ thing, at: this.next() })).toSorted((one, other) => one.at - other.at).map(({ thing }) => thing)
  }
}
