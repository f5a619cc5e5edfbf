import type { Place } from './problem.ts'

/** Where the parts of a contract came from: `<kind>/<name>` and a JSON pointer lead back to the source. */
export class Places {
  readonly #values = new Map<string, Place>()
  readonly #keys = new Map<string, Place>()
  readonly #others: Places[] = []

  /** Remembers the place of the value at a pointer, and of its key where it has one. */
  remember(pointer: string, value: Place, key?: Place): void {
    this.#values.set(pointer, value)
    if (key) this.#keys.set(pointer, key)
  }

  /** Takes over what another has remembered. */
  include(other: Places): void {
    this.#others.push(other)
  }

  /** The place of the value at a pointer, or of the nearest part around it. */
  value(pointer: string): Place {
    let rest = pointer
    for (;;) {
      const found = this.#valueAt(rest)
      if (found) return found
      const cut = rest.lastIndexOf('/')
      if (cut < 0) return { file: pointer, line: 1, column: 1, text: '', length: 1 }
      rest = rest.slice(0, cut)
    }
  }

  /** The place of the key at a pointer, or of the nearest part around it. */
  key(pointer: string): Place {
    return this.#keyAt(pointer) ?? this.value(pointer)
  }

  #valueAt(pointer: string): Place | undefined {
    return this.#values.get(pointer) ?? this.#others.map((other) => other.#valueAt(pointer)).find((place) => place !== undefined)
  }

  #keyAt(pointer: string): Place | undefined {
    return this.#keys.get(pointer) ?? this.#others.map((other) => other.#keyAt(pointer)).find((place) => place !== undefined)
  }
}

/** One more step of a JSON pointer. */
export function pointerTo(parent: string, key: string | number): string {
  const text = String(key)
  return `${parent}/${/[~/]/.test(text) ? text.replaceAll('~', '~0').replaceAll('/', '~1') : text}`
}
