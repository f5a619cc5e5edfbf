/** Python source that is printed as it stands: a name, a call, an f-string. */
export interface Code {
  readonly code: string
}

/** A call of a dict with its pairs in order; keys are expressions too. */
export interface Dict {
  readonly pairs: readonly (readonly [Python, Python])[]
}

/** What the printer can print. */
export type Python = string | number | boolean | null | undefined | Code | Dict | readonly Python[]

/** Columns of a line. */
export const WIDTH = 100

/** Source that stands for itself. */
export function code(text: string): Code {
  return { code: text }
}

/** A dict of plain keys. */
export function dict(entries: Readonly<Record<string, Python>>): Dict {
  return { pairs: Object.entries(entries) }
}

/** Any JSON as Python. */
export function fromJson(value: unknown): Python {
  if (Array.isArray(value)) return value.map(fromJson)
  if (typeof value === 'object' && value !== null) return { pairs: Object.entries(value).map(([key, item]) => [key, fromJson(item)]) }
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  return null
}

/**
 * Prints a value as `ruff format` would: on one line where it fits behind `column` characters, else one item a line.
 * The first `open` levels are always opened.
 */
export function py(value: Python, indent = 0, column = indent, open = 0): string {
  if (open <= 0 || !isOpenable(value)) {
    const line = flatPython(value)
    if (column + line.length < WIDTH) return line
  }
  const inner = indent + 4
  const pad = ' '.repeat(inner)
  if (typeof value === 'string' && value.length > 40) return `(\n${pieces(value, WIDTH - inner - 2).map((piece) => `${pad}${quote(piece)}\n`).join('')}${' '.repeat(indent)})`
  if (isList(value) && value.length > 0) {
    const items = value.map((item) => `${pad}${py(item, inner, inner, open - 1)},\n`)
    return `[\n${items.join('')}${' '.repeat(indent)}]`
  }
  if (isDict(value) && value.pairs.length > 0) {
    const items = value.pairs.map(([key, item]) => {
      const head = `${pad}${flatPython(key)}: `
      return `${head}${py(item, inner, head.length, open - 1)},\n`
    })
    return `{\n${items.join('')}${' '.repeat(indent)}}`
  }
  return flatPython(value)
}

/** A text cut after blanks into pieces that take at most `width` columns; a longer word is cut where it must be. */
function pieces(text: string, width: number): string[] {
  const taken = (piece: string): number => quote(piece).length - 2
  const words = text.split(/(?<= )/).flatMap((word) => (taken(word) <= width ? [word] : (word.match(/.{1,40}/gsu) ?? [])))
  return words.reduce<string[]>((lines, word) => {
    const last = lines.at(-1)
    return last !== undefined && taken(last + word) <= width ? [...lines.slice(0, -1), last + word] : [...lines, word]
  }, [])
}

/** A list or dict with something in it, which can stand item by item. */
function isOpenable(value: Python): boolean {
  return (isList(value) && value.length > 0) || (isDict(value) && value.pairs.length > 0)
}

/** A value on one line. */
export function flatPython(value: Python): string {
  if (value === null || value === undefined) return 'None'
  if (value === true) return 'True'
  if (value === false) return 'False'
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string') return quote(value)
  if (isList(value)) return `[${value.map(flatPython).join(', ')}]`
  if (isDict(value)) return `{${value.pairs.map(([key, item]) => `${flatPython(key)}: ${flatPython(item)}`).join(', ')}}`
  return value.code
}

/** Printable ASCII without quotes and backslashes: most of what there is. */
const PLAIN = /^[ !#-&(-[\]-~]*$/

/** A Python string literal; double quotes unless single ones save escapes, as `ruff format` chooses. */
export function quote(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`
  const doubles = text.split('"').length
  const singles = text.split("'").length
  const mark = doubles > singles ? "'" : '"'
  const body = [...text].map((character) => (character === mark ? `\\${mark}` : escape(character))).join('')
  return mark + body + mark
}

const SHORT: { readonly [character: string]: string } = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }

function escape(character: string): string {
  const known = SHORT[character]
  if (known !== undefined) return known
  const point = character.codePointAt(0) ?? 0
  if (/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(character)) return character
  if (point <= 0xff) return `\\x${point.toString(16).padStart(2, '0')}`
  return point <= 0xffff ? `\\u${point.toString(16).padStart(4, '0')}` : `\\U${point.toString(16).padStart(8, '0')}`
}

function isList(value: Python): value is readonly Python[] {
  return Array.isArray(value)
}

function isDict(value: Python): value is Dict {
  return typeof value === 'object' && value !== null && 'pairs' in value
}
