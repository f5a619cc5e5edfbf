import type { Hindrance } from './reader.ts'

interface Trouble {
  readonly detail: string
  readonly since: number
  readonly isTold: boolean
}

/** What stands in the way now; a hindrance that lasts is told of, with the words of its beginning. */
export class Troubles {
  readonly #now = new Map<Hindrance, Trouble>()

  /** Notes a hindrance; it is told of once it lasted for `patience` milliseconds. */
  raise(cause: Hindrance, detail: string, patience: number, now: number): void {
    const known = this.#now.get(cause) ?? { detail, since: now, isTold: false }
    this.#now.set(cause, { ...known, isTold: known.isTold || now - known.since >= patience })
  }

  /** A hindrance is over. */
  clear(cause: Hindrance): void {
    this.#now.delete(cause)
  }

  /** The hindrances of now, in the order in which they began. */
  get causes(): readonly Hindrance[] {
    return [...this.#now.keys()]
  }

  /** What is told of now: `<cause>: <one sentence>`; null when nothing is. */
  get degraded(): string | null {
    return [...this.#now].filter(([, { isTold }]) => isTold).map(([cause, { detail }]) => `${cause}: ${detail}`)[0] ?? null
  }
}
