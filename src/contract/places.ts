import type { Place } from './problem.ts'

/** Where the parts of a contract came from: `<kind>/<name>` and a JSON pointer lead back to the source. */
export class Places {
  readonly #values = new Map<string, Place>()
  readonly #keys = new Map<string, Place>()
  readonly #parts = new Map<string, Places>()

  /** Remembers the place of the value at a pointer, and of its key where it has one. */
  remember(pointer: string, value: Place, key?: Place): void {
    this.#values.set(pointer, value)
    if (key) this.#keys.set(pointer, key)
  }

  /** Takes over what another has remembered below a root, `<kind>/<name>`. */
  include(root: string, part: Places): void {
    this.#parts.set(root, part)
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
    const part = this.#partOf(pointer)
    return this.#values.get(pointer) ?? (part ? part.#values.get(pointer) : undefined)
  }

  #keyAt(pointer: string): Place | undefined {
    const part = this.#partOf(pointer)
    return this.#keys.get(pointer) ?? (part ? part.#keys.get(pointer) : undefined)
  }

  #partOf(pointer: string): Places | undefined {
    return this.#parts.get(pointer.split('/', 2).join('/'))
  }
}

/** One more step of a JSON pointer. */
export function pointerTo(parent: string, key: string | number): string {
  const text = String(key)
  return `${parent}/${/[~/]/.test(text) ? text.replaceAll('~', '~0').replaceAll('/', '~1') : text}`
}
