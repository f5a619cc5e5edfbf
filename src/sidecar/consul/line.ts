/** Which agent is asked now. Whenever that may be another server than before, a new generation begins and every index is forgotten. */
export class Line {
  readonly #addresses: readonly string[]
  #at = 0
  generation = 0

  constructor(addresses: readonly string[]) {
    this.#addresses = addresses
  }

  get address(): string {
    return this.#addresses[this.#at] ?? ''
  }

  /** Another agent than the one asked now; the same where there is only one. */
  get other(): string {
    return this.#addresses[(this.#at + 1) % this.#addresses.length] ?? this.address
  }

  /** This agent failed, or what is behind it did; another is asked next. A failure that was dealt with already changes nothing. */
  failed(generation: number): void {
    if (generation !== this.generation) return
    this.#at = (this.#at + 1) % this.#addresses.length
    this.generation += 1
  }

  /** The servers went back in time: every index is forgotten. */
  reset(): void {
    this.generation += 1
  }
}
