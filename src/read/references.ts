import type { Place } from '../contract/problem.ts'
import { isRole } from '../contract/types.ts'
import { suggest } from '../contract/nearest.ts'
import { at, type Literal } from './literal.ts'
import { snakeCase } from './names.ts'
import { refuse } from './place.ts'
import { fieldOf, type Read, type Scope } from './scope.ts'

const FACTS: { readonly [head: string]: readonly string[] } = {
  node: ['id', 'address', 'memory', 'cpus'],
  stack: ['name', 'domain'],
  budget: ['floor', 'want', 'burst', 'reserved'],
}
const PEER_FACTS = ['address', 'id', 'count']
const PATH = /\{([a-z_][A-Za-z0-9_.-]*)\}/g
const SPACED = /\{(\s+[\w.-]+\s*|\s*[\w.-]+\s+)\}/g

/** The contract's form of a path, or undefined after refusing it. */
export function convertPath(scope: Scope, path: string, place: Place): string | undefined {
  const [head = '', ...rest] = path.split('.')
  if (rest.length === 0) return ownField(scope, path, place)
  if (head === 'peers') return peers(scope, path, rest, place)
  const facts = FACTS[head]
  if (facts) return rest.length === 1 && facts.includes(rest[0] ?? '') ? path : nowhere(scope, path, suggest(path, facts.map((fact) => `${head}.${fact}`)), place)
  if (head === 'derive') return derived(scope, path, place)
  if (head === 'each') return path === 'each.name' && isEach(scope.own) ? path : nowhere(scope, path, "`each.name` exists where the component says `each: 'app'`", place)
  return foreign(scope, path, head, rest, place)
}

/** Replaces every {path} of a text by its contract form; each is judged at its own position. */
export function convertText(scope: Scope, literal: Literal & { kind: 'scalar' }, text: string): string {
  for (const spaced of text.matchAll(SPACED)) {
    refuse(scope.report, 'EOS132', within(literal, spaced[0]), `reference \`${spaced[0]}\` has blanks inside its braces`, `\`{${(spaced[1] ?? '').trim()}}\``, 'remove the blanks')
  }
  return text.replaceAll(PATH, (whole, path: string) => {
    const place = within(literal, whole)
    const converted = convertPath(scope, path, { ...place, column: place.column + 1, length: path.length })
    return converted === undefined ? whole : `{${converted}}`
  })
}

function ownField(scope: Scope, path: string, place: Place): string | undefined {
  const field = fieldOf(scope.own, path)
  // A field whose type was refused is known by name all the same: one mistake, one error.
  if (!field || !isRole(field)) {
    const name = scope.own.shape.written.get(path)
    if (name !== undefined) return name
  }
  if (field) return nowhere(scope, path, 'a role is asked for with `when`', place)
  return nowhere(scope, path, suggest(path, plainFields(scope)), place)
}

function plainFields(scope: Scope): string[] {
  return [...scope.own.shape.written.keys()].filter((written) => {
    const field = fieldOf(scope.own, written)
    return field !== undefined && !isRole(field)
  })
}

function peers(scope: Scope, path: string, rest: readonly string[], place: Place): string | undefined {
  const role = fieldOf(scope.own, 'role')
  const roles = role && isRole(role) ? role.roles : []
  if (!role && scope.own.shape.written.has('role')) return path
  const [name = '', fact = ''] = rest
  if (rest.length === 2 && roles.includes(name) && PEER_FACTS.includes(fact)) return path
  return nowhere(scope, path, suggest(path, roles.flatMap((known) => PEER_FACTS.map((each) => `peers.${known}.${each}`))), place)
}

function derived(scope: Scope, path: string, place: Place): string | undefined {
  if (scope.hooks.includes('derive')) return path
  return nowhere(scope, path, "add `hooks: ['derive']`", place)
}

function isEach({ declaration }: Read): boolean {
  return at(declaration.literal, 'each') !== undefined
}

function foreign(scope: Scope, path: string, key: string, rest: readonly string[], place: Place): string | undefined {
  const other = scope.components.get(key)
  if (!other) return nowhere(scope, path, suggest(key, [...scope.components.keys()]), place)
  if (isEach(other)) return nowhere(scope, path, `\`${key}\` exists once per application, so its fields have no one value`, place)
  const written = rest.join('.')
  const field = fieldOf(other, written)
  const names = [...other.shape.written.keys()].filter((name) => name !== 'role')
  if (field ? isRole(field) : !other.shape.written.has(written)) return nowhere(scope, path, suggest(path, names.map((name) => `${key}.${name}`)), place)
  if (scope.needs.has(key)) return `${snakeCase(key)}.${other.shape.written.get(written)}`
  refuse(scope.report, 'EOS131', place, `reference \`${path}\` is to a component that \`${scope.own.declaration.key}\` does not need`, `\`${key}\` in \`needs\`, or in those of what it needs`, 'add it there')
  return undefined
}

function nowhere(scope: Scope, path: string, advice: string, place: Place): undefined {
  refuse(scope.report, 'EOS130', place, `reference \`${path}\` points nowhere`, 'a field of this component, <component>.<field>, peers.<role>.*, node.*, stack.*, budget.*, derive.* or each.name', advice)
}

/** The place of a part of a string literal; the whole literal where the part is not on its first line. */
export function within(literal: Literal & { kind: 'scalar' }, part: string): Place {
  const { place, raw } = literal
  const index = raw.indexOf(part)
  const isOnFirstLine = index >= 0 && !raw.slice(0, index).includes('\n')
  return isOnFirstLine ? { ...place, column: place.column + index, length: part.length } : place
}
