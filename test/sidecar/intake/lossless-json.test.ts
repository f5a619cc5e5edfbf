import { describe, expect, it } from 'vitest'
import { DEEPEST, parseLossless } from '../../../src/sidecar/intake/lossless-json.ts'

describe('JSON is read without loss', () => {
  it.each<{ readonly given: string; readonly want: unknown }>([
    { given: '{"Time":1767000160000000002}', want: { Time: '1767000160000000002' } },
    { given: '[9007199254740991,9007199254740992,-9007199254740993]', want: [9007199254740991, '9007199254740992', '-9007199254740993'] },
    { given: '[0.5,1e3,-0,1e400,-1e400]', want: [0.5, 1000, -0, '1e400', '-1e400'] },
    { given: '[123456789012345.75]', want: [123456789012345.75] },
    { given: ' { "a" : [ ] , "b" : { } } ', want: { a: [], b: {} } },
    { given: String.raw`"\u00e9\ud83d\ude00\n\"\\\/"`, want: 'é😀\n"\\/' },
    { given: '[true,false,null,""]', want: [true, false, null, ''] },
    { given: '{"constructor":1,"toString":2}', want: { constructor: 1, toString: 2 } },
  ])('$given', ({ given, want }) => {
    expect(parseLossless(given)).toEqual(want)
  })

  it('keeps a key that would set the prototype as data', () => {
    const value = parseLossless('{"__proto__":{"isAdmin":true}}')
    expect(Object.keys(Object(value))).toEqual(['__proto__'])
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
  })

  it('reads nesting up to its limit', () => {
    expect(() => parseLossless('['.repeat(DEEPEST) + ']'.repeat(DEEPEST))).not.toThrow()
  })
})

describe('what is no JSON is refused with its place', () => {
  it.each([
    { given: '{"a":1,"a":2}', says: 'key "a" comes twice at character 10' },
    { given: '{"a":{"b":1,"\\u0062":2}}', says: 'key "b" comes twice' },
    { given: '['.repeat(10_000) + ']'.repeat(10_000), says: `nesting deeper than ${DEEPEST} at character ${DEEPEST}` },
    { given: '{"a":'.repeat(10_000), says: 'nesting deeper' },
    { given: '{"a":1} {', says: 'text after the value' },
    { given: '{"a":1,}', says: 'expected a key' },
    { given: '[1,]', says: 'unexpected text' },
    { given: '[1 2]', says: 'expected `,` or `]`' },
    { given: '01', says: 'text after the value' },
    { given: '-', says: 'a wrong number' },
    { given: '"a', says: 'a string is not closed' },
    { given: '"a\u0001"', says: 'a string is not closed' },
    { given: String.raw`"\x"`, says: 'a wrong escape' },
    { given: String.raw`"\u12"`, says: 'a wrong escape' },
    { given: 'NaN', says: 'unexpected text' },
    { given: '', says: 'unexpected text at character 0' },
  ])('$says', ({ given, says }) => {
    expect(() => parseLossless(given)).toThrow(says)
  })
})

describe('random values', () => {
  it('come out of their text as they went in', () => {
    let seed = 7
    const random = (): number => {
      seed = (seed * 1103515245 + 12345) % 2147483648
      return seed / 2147483648
    }
    const make = (depth: number): unknown => {
      const kind = Math.floor(random() * (depth > 4 ? 4 : 6))
      if (kind === 0) return Math.floor(random() * 2 ** 53) * (random() < 0.5 ? -1 : 1)
      if (kind === 1) return (random() - 0.5) * 10 ** Math.floor(random() * 30 - 20)
      if (kind === 2) return String.fromCharCode(...Array.from({ length: Math.floor(random() * 12) }, () => Math.floor(random() * 0xd7ff)))
      if (kind === 3) return [true, false, null][Math.floor(random() * 3)]
      if (kind === 4) return Array.from({ length: Math.floor(random() * 5) }, () => make(depth + 1))
      return Object.fromEntries(Array.from({ length: Math.floor(random() * 5) }, (_, at) => [`k${at}"\\`, make(depth + 1)]))
    }
    for (let run = 0; run < 2000; run += 1) {
      const value = make(0)
      expect(parseLossless(JSON.stringify(value))).toEqual(JSON.parse(JSON.stringify(value)))
    }
  })
})
