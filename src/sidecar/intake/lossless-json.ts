import type { Json } from '../fact.ts'

/** Deepest nesting that is read: Nomad's own limit for a task's `config` is near 1,000, and what is around it comes on top. */
export const DEEPEST = 2000

/** Text that is not the JSON which is expected here. */
export class JsonRefused extends Error {
  constructor(what: string, at: number) {
    super(`${what} at character ${at}`)
    this.name = 'JsonRefused'
  }
}

/**
 * Parses JSON without loss: integers beyond 2^53 and numbers that no double holds become their own text. Two equal keys in one object,
 * nesting deeper than 2000, and anything that RFC 8259 does not allow are refused.
 */
export function parseLossless(text: string): Json {
  const reader = new Reader(text)
  const value = reader.value(0)
  reader.end()
  return value
}

const QUOTE = 34
const BACKSLASH = 92
const ESCAPES: Readonly<Record<string, string>> = { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }
const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y
/** More digits than this may exceed 2^53. */
const SAFE_DIGITS = 15

class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  value(depth: number): Json {
    this.#space()
    const code = this.#text.charCodeAt(this.#at)
    if (code === QUOTE) return this.#string()
    if (code === 123) return this.#object(depth + 1)
    if (code === 91) return this.#list(depth + 1)
    if (code === 45 || (code >= 48 && code <= 57)) return this.#number()
    if (this.#word('true')) return true
    if (this.#word('false')) return false
    if (this.#word('null')) return null
    throw this.#refuse('unexpected text')
  }

  end(): void {
    this.#space()
    if (this.#at < this.#text.length) throw this.#refuse('text after the value')
  }

  #object(depth: number): Json {
    this.#deeper(depth)
    const made: Record<string, Json> = {}
    if (this.#opensEmpty(125)) return made
    for (;;) {
      this.#space()
      if (this.#text.charCodeAt(this.#at) !== QUOTE) throw this.#refuse('expected a key')
      const key = this.#string()
      if (Object.hasOwn(made, key)) throw this.#refuse(`key ${JSON.stringify(key.slice(0, 40))} comes twice`)
      this.#space()
      if (this.#text.charCodeAt(this.#at) !== 58) throw this.#refuse('expected `:`')
      this.#at += 1
      const value = this.value(depth)
      // An assignment to this one name would set the prototype.
      if (key === '__proto__') Object.defineProperty(made, key, { value, enumerable: true, configurable: true, writable: true })
      else made[key] = value
      if (this.#isLast(125)) return made
    }
  }

  #list(depth: number): Json {
    this.#deeper(depth)
    const made: Json[] = []
    if (this.#opensEmpty(93)) return made
    for (;;) {
      made.push(this.value(depth))
      if (this.#isLast(93)) return made
    }
  }

  #deeper(depth: number): void {
    if (depth > DEEPEST) throw this.#refuse(`nesting deeper than ${DEEPEST}`)
    this.#at += 1
  }

  #opensEmpty(close: number): boolean {
    this.#space()
    if (this.#text.charCodeAt(this.#at) !== close) return false
    this.#at += 1
    return true
  }

  #isLast(close: number): boolean {
    this.#space()
    const code = this.#text.charCodeAt(this.#at)
    this.#at += 1
    if (code === close) return true
    if (code === 44) return false
    this.#at -= 1
    throw this.#refuse(`expected \`,\` or \`${String.fromCharCode(close)}\``)
  }

  #string(): string {
    const start = this.#at + 1
    let at = start
    for (;;) {
      const code = this.#text.charCodeAt(at)
      if (code === QUOTE) break
      if (code === BACKSLASH) return this.#escaped(start, at)
      if (!(code >= 32)) throw this.#refuse('a string is not closed')
      at += 1
    }
    this.#at = at + 1
    return this.#text.slice(start, at)
  }

  #escaped(start: number, first: number): string {
    const parts = [this.#text.slice(start, first)]
    let at = first
    for (;;) {
      const code = this.#text.charCodeAt(at)
      if (code === QUOTE) break
      if (!(code >= 32)) throw this.#refuse('a string is not closed')
      if (code === BACKSLASH) {
        const [part, length] = this.#escape(at)
        parts.push(part)
        at += length
        continue
      }
      const from = at
      while (this.#isPlain(at)) at += 1
      parts.push(this.#text.slice(from, at))
    }
    this.#at = at + 1
    return parts.join('')
  }

  #isPlain(at: number): boolean {
    const code = this.#text.charCodeAt(at)
    return code >= 32 && code !== QUOTE && code !== BACKSLASH
  }

  #escape(at: number): readonly [string, number] {
    const letter = this.#text.charAt(at + 1)
    const plain = ESCAPES[letter]
    if (plain !== undefined) return [plain, 2]
    const digits = this.#text.slice(at + 2, at + 6)
    if (letter !== 'u' || !/^[0-9a-fA-F]{4}$/.test(digits)) throw this.#refuse('a wrong escape in a string')
    return [String.fromCharCode(Number.parseInt(digits, 16)), 6]
  }

  #number(): Json {
    NUMBER.lastIndex = this.#at
    const match = NUMBER.exec(this.#text)
    if (match === null) throw this.#refuse('a wrong number')
    const [digits, fraction, exponent] = match
    this.#at += digits.length
    const value = Number(digits)
    const isWhole = fraction === undefined && exponent === undefined
    if (isWhole && digits.length <= SAFE_DIGITS) return value
    return (isWhole ? Number.isSafeInteger(value) : Number.isFinite(value)) ? value : digits
  }

  #word(word: string): boolean {
    if (!this.#text.startsWith(word, this.#at)) return false
    this.#at += word.length
    return true
  }

  #space(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return
      this.#at += 1
    }
  }

  #refuse(what: string): JsonRefused {
    return new JsonRefused(what, this.#at)
  }
}
