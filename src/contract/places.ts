import type { Place } from './problem.ts'

/** Where the parts of a contract came from: `<kind>/<name>` and a JSON pointer lead back to the source. */
export class Places {
  readonly #values = new Map<string, Place>()
  readonly #keys = new Map<string, Place>()

  /** Remembers the place of the value at a pointer, and of its key where it has one. */
  remember(pointer: string, value: Place, key?: Place): void {
    this.#values.set(pointer, value)
    if (key) this.#keys.set(pointer, key)
  }

  /** The place of the value at a pointer, or of the nearest part around it. */
  value(pointer: string): Place {
    return this.#nearest(this.#values, pointer)
  }

  /** The place of the key at a pointer, or of the nearest part around it. */
  key(pointer: string): Place {
    return this.#keys.get(pointer) ?? this.value(pointer)
  }

  #nearest(places: ReadonlyMap<string, Place>, pointer: string): Place {
    let rest = pointer
    for (;;) {
      const found = places.get(rest)
      if (found) return found
      const cut = rest.lastIndexOf('/')
      if (cut < 0) return { file: pointer, line: 1, column: 1, text: '', length: 1 }
      rest = rest.slice(0, cut)
    }
  }
}

/** One more step of a JSON pointer. */
export function pointerTo(parent: string, key: string | number): string {
  return `${parent}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`
}
