import { isObject } from '../envelope/text.ts'
import type { Json } from '../fact.ts'
import { Refusal } from '../refusal.ts'

/** Reads one value of the configuration, or refuses it with its path. */
export type Decode<T> = (value: Json | undefined, path: string) => T

const ADVICE = 'correct the configuration and start the sidecar again'

/** Text that is not empty. */
export const text: Decode<string> = (value, path) => {
  if (typeof value !== 'string') throw wrongType(path, 'text', value)
  if (value === '') throw new Refusal('EOS606', `${path} is empty`, 'text', ADVICE)
  return value
}

/** An absolute path of a file. */
export const file: Decode<string> = (value, path) => {
  const name = text(value, path)
  if (!name.startsWith('/')) throw new Refusal('EOS606', `${path} is ${JSON.stringify(name)}`, 'an absolute path', ADVICE)
  return name
}

/** An address of a server with TLS, without a path. */
export const address: Decode<string> = (value, path) => {
  const given = text(value, path)
  const url = URL.canParse(given) ? new URL(given) : null
  if (url === null || url.protocol !== 'https:' || url.pathname !== '/' || url.username !== '') throw new Refusal('EOS606', `${path} is ${JSON.stringify(given)}`, '`https://<host>:<port>`', ADVICE)
  return url.origin
}

/** A whole number between two bounds. */
export function whole(least: number, most: number): Decode<number> {
  return (value, path) => {
    if (typeof value !== 'number' || !Number.isInteger(value)) throw wrongType(path, 'a whole number', value)
    if (value < least || value > most) throw new Refusal('EOS606', `${path} is ${value}`, `${least} to ${most}`, ADVICE)
    return value
  }
}

const UNITS = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
])

/** A span of time such as `10s`, in milliseconds. */
export const duration: Decode<number> = (value, path) => {
  if (typeof value !== 'string') throw wrongType(path, 'a duration such as `10s`', value)
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(value) ?? []
  const factor = UNITS.get(unit ?? '')
  if (amount === undefined || factor === undefined) throw new Refusal('EOS606', `${path} is ${JSON.stringify(value)}`, 'a duration such as `500ms`, `10s`, `5m` or `1h`', ADVICE)
  return Number(amount) * factor
}

/** A span of time from one to another, both included. */
export function between(least: string, most: string): Decode<number> {
  const [from, to] = [duration(least, 'least'), duration(most, 'most')]
  return (value, path) => {
    const found = duration(value, path)
    if (found < from || found > to) throw new Refusal('EOS606', `${path} is ${JSON.stringify(value)}`, `${least} to ${most}`, ADVICE)
    return found
  }
}

/** A list, each item read alike. */
export function list<T>(item: Decode<T>, least = 0): Decode<readonly T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw wrongType(path, 'a list', value)
    if (value.length < least) throw new Refusal('EOS606', `${path} has ${value.length} items`, `at least ${least}`, ADVICE)
    return value.map((one, index) => item(one, `${path}[${index}]`))
  }
}

/** The value, or null. */
export function nullable<T>(decode: Decode<T>): Decode<T | null> {
  return (value, path) => (value === null ? null : decode(value, path))
}

/** The value, or another one where the key is left out. */
export function otherwise<T>(decode: Decode<T>, instead: T): Decode<T> {
  return (value, path) => (value === undefined ? instead : decode(value, path))
}

/** The keys of an object, handed out one by one; `end` refuses what nobody asked for. */
export interface Keys {
  readonly take: <T>(key: string, decode: Decode<T>) => T
}

/** An object: `read` takes its keys, and a key that it did not take is refused. */
export function record<T>(read: (keys: Keys) => T): Decode<T> {
  return (value, path) => {
    if (!isObject(value)) throw wrongType(path || 'the configuration', 'an object', value)
    const taken = new Set<string>()
    const below = (key: string): string => (path === '' ? key : `${path}.${key}`)
    const made = read({
      take: (key, decode) => {
        taken.add(key)
        return decode(value[key], below(key))
      },
    })
    const foreign = Object.keys(value).find((key) => !taken.has(key))
    if (foreign !== undefined) throw new Refusal('EOS603', `key ${below(foreign)} is unknown`, [...taken].join(', '), ADVICE)
    return made
  }
}

function wrongType(path: string, expected: string, found: Json | undefined): Refusal {
  if (found === undefined) return new Refusal('EOS604', `${path} is missing`, expected, ADVICE)
  const kind = found === null ? 'null' : Array.isArray(found) ? 'a list' : typeof found === 'object' ? 'an object' : `${typeof found} ${JSON.stringify(found)}`
  return new Refusal('EOS605', `${path} is ${kind}`, expected, ADVICE)
}
