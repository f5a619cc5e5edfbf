import { pointerTo } from '../contract/places.ts'
import type { Json } from '../contract/types.ts'
import { jsonOf, type Literal } from './literal.ts'
import { snakeCase } from './names.ts'
import { convertPath, convertText } from './references.ts'
import { refuse } from './place.ts'
import type { Scope } from './scope.ts'

/** Turns one part of a literal into the contract's JSON, remembering where it stood; undefined after refusing it. */
export type Rule = (scope: Scope, literal: Literal, pointer: string) => Json | undefined

/** A record of the vocabulary: keys become snake_case, each value has its own rule. */
export function record(rules: { readonly [key: string]: Rule }): Rule {
  return mapKeys((_, key) => snakeCase(key), (key) => rules[key] ?? plain)
}

/** A record whose keys stay as they are. */
export function keyed(rule: Rule): Rule {
  return mapKeys((_, key) => key, () => rule)
}

/** A list whose items follow one rule. */
export function list(rule: Rule): Rule {
  return (scope, literal, pointer) => {
    if (literal.kind !== 'list') return plain(scope, literal, pointer)
    scope.places.remember(pointer, literal.place)
    const items = literal.items.map((item, index) => rule(scope, item, pointerTo(pointer, index)))
    return items.filter((item) => item !== undefined)
  }
}

/** A value without references or names: keys of the vocabulary become snake_case. */
export const plain: Rule = (scope, literal, pointer) => {
  if (literal.kind === 'record') return mapKeys((_, key) => snakeCase(key), () => plain)(scope, literal, pointer)
  if (literal.kind === 'list') return list(plain)(scope, literal, pointer)
  scope.places.remember(pointer, literal.place)
  return literal.value
}

/** Data of a target: keys stay, `$` and `$text` are references. */
export const data: Rule = (scope, literal, pointer) => {
  if (literal.kind === 'list') return list(data)(scope, literal, pointer)
  if (literal.kind === 'scalar') return plain(scope, literal, pointer)
  const special = literal.entries.find(({ key }) => key === '$' || key === '$text')
  if (!special) return keyed(data)(scope, literal, pointer)
  scope.places.remember(pointer, literal.place)
  const { value } = special
  if (literal.entries.length > 1 || value.kind !== 'scalar' || typeof value.value !== 'string') {
    refuse(scope.report, 'EOS132', special.place, `\`${special.key}\` is used wrongly`, `an object with \`${special.key}\` alone, holding a string`, 'give the other keys an object of their own')
    return undefined
  }
  if (special.key === '$text') return { $text: convertText(scope, value, value.value) }
  const path = convertPath(scope, value.value, value.place)
  return path === undefined ? undefined : { $: path }
}

/** Walks a record; `rename` gives the key in the contract, or undefined to leave the entry out. */
export function mapKeys(rename: (scope: Scope, key: string, literal: Literal) => string | undefined, ruleOf: (key: string) => Rule): Rule {
  return (scope, literal, pointer) => {
    if (literal.kind !== 'record') return literal.kind === 'list' ? list(plain)(scope, literal, pointer) : plain(scope, literal, pointer)
    scope.places.remember(pointer, literal.place)
    const entries: [string, Json][] = []
    for (const { key, value, place } of literal.entries) {
      const name = rename(scope, key, { kind: 'scalar', value: key, place, raw: key })
      if (name === undefined) continue
      const at = pointerTo(pointer, name)
      const json = ruleOf(key)(scope, value, at)
      scope.places.remember(at, value.place, place)
      if (json !== undefined) entries.push([name, json])
    }
    return Object.fromEntries(entries)
  }
}

/** The value as written, without places inside. */
export const verbatim: Rule = (scope, literal, pointer) => {
  scope.places.remember(pointer, literal.place)
  return jsonOf(literal)
}
