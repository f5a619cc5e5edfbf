import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { docstring } from '../../src/emit/docstring.ts'
import { fromJson, py, quote } from '../../src/emit/python.ts'
import type { Json } from '../../src/contract/types.ts'

/** What Python's own parser makes of literals. */
function parse(literals: readonly string[]): unknown {
  const program = 'import ast, json, sys\nprint(json.dumps([ast.literal_eval(text) for text in json.load(sys.stdin)]))'
  const { stdout, stderr, status } = spawnSync('python3', ['-c', program], { input: JSON.stringify(literals), encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}

/** A small seeded generator of JSON with everything that could harm a literal. */
function* values(seed: number, count: number): Generator<Json> {
  let state = seed
  const next = (below: number): number => (state = (state * 1103515245 + 12345) % 2147483648) && Math.floor(state / 65_536) % below
  const alphabet = ['a', '"', "'", '\\', '\n', '\t', '\r', '{', '}', '"""', "'''", ' ', '\u0000', '\u007f', '\u0085', '\u2028', 'é', '漢', '🦉', '$', '%', '#', '\\n', '\u200b']
  const text = (): string => Array.from({ length: next(9) }, () => alphabet[next(alphabet.length)]).join('')
  const value = (depth: number): Json => {
    const kind = next(depth > 2 ? 5 : 7)
    if (kind === 5) return Array.from({ length: next(5) }, () => value(depth + 1))
    if (kind === 6) return Object.fromEntries(Array.from({ length: next(5) }, () => [text(), value(depth + 1)]))
    return [text(), next(100_000) / 8, 1 - next(100), next(2) === 0, null][kind] ?? null
  }
  for (let index = 0; index < count; index += 1) yield value(0)
}

describe('a Python literal', () => {
  it('is read back by Python as it was, whatever it holds', () => {
    const given = [...values(7, 400)]
    expect(parse(given.map((value) => py(fromJson(value))))).toEqual(given)
    expect(parse(given.map((value) => py(fromJson(value), 0, 0, 2)))).toEqual(given)
  })

  it.each([
    { given: `it's`, want: `"it's"` },
    { given: 'say "so"', want: `'say "so"'` },
    { given: `"it's"`, want: `'"it\\'s"'` },
    { given: 'a\nb', want: '"a\\nb"' },
  ])('quotes $given as ruff would', ({ given, want }) => {
    expect(quote(given)).toBe(want)
  })

  it('stays on one line while it fits, and opens item by item when it does not', () => {
    expect(py(['a', 'b'])).toBe('["a", "b"]')
    expect(py(fromJson({ key: ['x'.repeat(60), 'y'.repeat(40)] }))).toBe(`{\n    "key": [\n        "${'x'.repeat(60)}",\n        "${'y'.repeat(40)}",\n    ],\n}`)
  })
})

describe('a docstring', () => {
  it('holds any text without ending early or changing it', () => {
    const texts = ['ends with "', 'has """ inside', 'has \\n and \\', 'wide '.repeat(60).trim(), "''' and \\\"\"\""]
    const read = parse(texts.map((text) => docstring([text], 0)))
    const joined = (text: string): string => text.replaceAll(/\s+/g, ' ').trim()
    expect(Array.isArray(read) ? read.map(String).map(joined) : read).toEqual(texts.map(joined))
  })

  it('breaks lines at a hundred columns', () => {
    const lines = docstring(['word '.repeat(60).trim()], 4).split('\n')
    expect(lines.every((line) => line.length <= 100)).toBe(true)
    expect(lines.length).toBeGreaterThan(4)
  })
})
