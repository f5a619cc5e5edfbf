import type { Json, JsonObject } from '../fact.ts'
import { isObject } from './text.ts'

/** Says the first misfit as `path: expected …; found …`, or null. */
export type Check = (value: Json | undefined, path: string) => string | null

const KEYWORDS = new Set(['$schema', '$id', 'title', 'description', 'type', 'const', 'enum', 'properties', 'required', 'additionalProperties', 'items', 'anyOf', 'oneOf', 'minimum', 'maximum', 'pattern'])

/** Compiles the subset of JSON Schema that declarations are made of; a keyword outside of it is an error at start. */
export function checkOf(schema: Json | undefined): Check {
  if (!isObject(schema)) throw new TypeError(`a schema is ${say(schema)}; expected an object`)
  const foreign = Object.keys(schema).find((key) => !KEYWORDS.has(key))
  if (foreign !== undefined) throw new TypeError(`keyword \`${foreign}\` of a schema is unknown; expected one of ${[...KEYWORDS].join(', ')}`)
  const checks = [typeCheck(schema), valueCheck(schema), unionCheck(schema), numberCheck(schema), patternCheck(schema), objectCheck(schema), listCheck(schema)].filter((check) => check !== null)
  return (value, path) => {
    for (const check of checks) {
      const problem = check(value, path)
      if (problem !== null) return problem
    }
    return null
  }
}

function typeCheck({ type }: JsonObject): Check | null {
  if (type === undefined) return null
  const types = Array.isArray(type) ? type.map(String) : [String(type)]
  const expected = types.join(' or ')
  return (value, path) => (types.some((one) => isOfType(value, one)) ? null : misfit(path, expected, value))
}

function isOfType(value: Json | undefined, type: string): boolean {
  switch (type) {
    case 'integer':
      return Number.isSafeInteger(value)
    case 'number':
      return Number.isFinite(value)
    case 'array':
      return Array.isArray(value)
    case 'object':
      return isObject(value)
    case 'null':
      return value === null
    default:
      return typeof value === type
  }
}

function valueCheck(schema: JsonObject): Check | null {
  const allowed = schema['const'] === undefined ? schema['enum'] : [schema['const']]
  if (!Array.isArray(allowed)) return null
  const values: readonly Json[] = allowed
  const expected = values.map((value) => JSON.stringify(value)).join(' or ')
  return (value, path) => (value !== undefined && values.includes(value) ? null : misfit(path, expected, value))
}

function unionCheck(schema: JsonObject): Check | null {
  const branches = schema['anyOf'] ?? schema['oneOf']
  if (!Array.isArray(branches)) return null
  const checks = branches.map(checkOf)
  return (value, path) => {
    const problems = checks.map((check) => check(value, path)).filter((problem) => problem !== null)
    if (problems.length < checks.length) return null
    // A branch that fails further in is the one that was meant; otherwise all of them were expected here.
    const here = `${path || 'the value'}: expected `
    const inside = problems.find((problem) => !problem.startsWith(here))
    return inside ?? misfit(path, problems.map((problem) => problem.slice(here.length, problem.lastIndexOf('; found '))).join(' or '), value)
  }
}

function numberCheck({ minimum, maximum }: JsonObject): Check | null {
  if (typeof minimum !== 'number' && typeof maximum !== 'number') return null
  const least = typeof minimum === 'number' ? minimum : -Infinity
  const most = typeof maximum === 'number' ? maximum : Infinity
  return (value, path) => (typeof value !== 'number' || (value >= least && value <= most) ? null : misfit(path, `a number from ${least} to ${most}`, value))
}

function patternCheck({ pattern }: JsonObject): Check | null {
  if (typeof pattern !== 'string') return null
  const expression = new RegExp(pattern, 'u')
  return (value, path) => (typeof value !== 'string' || expression.test(value) ? null : misfit(path, `text like ${pattern}`, value))
}

function objectCheck(schema: JsonObject): Check | null {
  const { properties, additionalProperties } = schema
  const required = Array.isArray(schema['required']) ? schema['required'].map(String) : []
  const known = new Map(isObject(properties) ? Object.entries(properties).map(([key, one]) => [key, checkOf(one)]) : [])
  const others = isObject(additionalProperties) ? checkOf(additionalProperties) : null
  if (known.size === 0 && required.length === 0 && others === null && additionalProperties !== false) return null
  return (value, path) => {
    if (!isObject(value)) return null
    for (const key of required) if (value[key] === undefined) return misfit(below(path, key), 'a value', undefined)
    for (const [key, one] of Object.entries(value)) {
      const check = known.get(key) ?? others
      if (check === null && additionalProperties === false) return `${below(path, key)}: expected no such key; found ${say(one)}`
      const problem = check?.(one, below(path, key)) ?? null
      if (problem !== null) return problem
    }
    return null
  }
}

function listCheck({ items }: JsonObject): Check | null {
  if (!isObject(items)) return null
  const check = checkOf(items)
  return (value, path) => {
    if (!Array.isArray(value)) return null
    for (const [index, one] of value.entries()) {
      const problem = check(one, `${path}[${index}]`)
      if (problem !== null) return problem
    }
    return null
  }
}

function below(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`
}

function misfit(path: string, expected: string, found: Json | undefined): string {
  return `${path || 'the value'}: expected ${expected}; found ${say(found)}`
}

/** A value, short enough for one line. */
function say(value: Json | undefined): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}
