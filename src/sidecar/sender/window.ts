/** Batches that were sent and not yet acknowledged, oldest first; never more than `size`. */
export class Window {
  readonly #size: number
  readonly #batches: { readonly to: number; readonly at: number }[] = []

  constructor(size: number) {
    this.#size = size
  }

  get isFull(): boolean {
    return this.#batches.length >= this.#size
  }

  /** When the oldest of them was sent; null when nothing is on its way. */
  get since(): number | null {
    return this.#batches[0]?.at ?? null
  }

  add(to: number, at: number): void {
    this.#batches.push({ to, at })
  }

  /** Everything up to `seq` has arrived. */
  acknowledge(seq: number): void {
    while (this.#batches[0] !== undefined && this.#batches[0].to <= seq) this.#batches.shift()
  }

  clear(): void {
    this.#batches.length = 0
  }
}
