import { isRole, type Field, type RoleField } from '../contract/types.ts'
import { suggest } from '../contract/nearest.ts'
import { pointerTo } from '../contract/places.ts'
import { convertBySchema } from './convert.ts'
import { jsonOf, textOf, type Literal } from './literal.ts'
import { refuse } from './place.ts'
import { mapKeys, plain, type Rule } from './rules.ts'
import { closedValues, fieldOf, type Scope } from './scope.ts'
import { snakeCase } from './names.ts'

/** What a named field must be. */
type Kind = 'any' | 'port' | 'secret'

/** The name of a field, of the kind that the place asks for. */
export function fieldName(kind: Kind): Rule {
  return (scope, literal, pointer) => {
    scope.places.remember(pointer, literal.place)
    const written = textOf(literal)
    // A name that was refused stays as it is: leaving it out would be reported as missing.
    return written === undefined ? jsonOf(literal) : (resolve(scope, written, literal, kind) ?? written)
  }
}

/** A record whose keys are fields. */
export function byField(kind: Kind, rule: Rule): Rule {
  return mapKeys((scope, key, literal) => resolve(scope, key, literal, kind), () => rule)
}

/** `when`: closed fields and one of their values. */
export const when: Rule = (scope, literal, pointer) => {
  if (literal.kind === 'record') for (const entry of literal.entries) checkValue(scope, entry.key, entry.value)
  return byField('any', plain)(scope, literal, pointer)
}

/** The registry key of a component, as its contract name. */
export const componentName: Rule = (scope, literal, pointer) => {
  scope.places.remember(pointer, literal.place)
  const key = textOf(literal)
  return key === undefined ? jsonOf(literal) : snakeCase(key)
}

/** A call: every lower-case {name} in it is a field. */
export const call: Rule = (scope, literal, pointer) => {
  scope.places.remember(pointer, literal.place)
  const text = textOf(literal)
  if (text === undefined) return jsonOf(literal)
  return text.replaceAll(/\{([a-z][A-Za-z0-9]*)\}/g, (whole, written: string) => {
    const name = scope.own.shape.written.get(written)
    if (name !== undefined) return `{${name}}`
    refuse(scope.report, 'EOS137', { ...literal.place, column: literal.place.column + 1 + text.indexOf(whole), length: whole.length }, `\`${whole}\` in a call is no field`, 'a field of the resource, or an upper-case id of the server', suggest(written, names(scope)))
    return whole
  })
}

/** An example of a resource: values by field. */
export const example: Rule = (scope, literal, pointer) => {
  if (literal.kind !== 'record') return plain(scope, literal, pointer)
  scope.places.remember(pointer, literal.place)
  const entries = literal.entries.map(({ key, place, value }) => {
    const name = resolve(scope, key, { kind: 'scalar', value: key, place, raw: key }, 'any')
    const field = fieldOf(scope.own, key)
    if (name === undefined || !field || isRole(field)) return undefined
    rememberAll(scope, value, pointerTo(pointer, name), place)
    return [name, convertBySchema(jsonOf(value), field.schema)] as const
  })
  return Object.fromEntries(entries.filter((entry) => entry !== undefined))
}

function rememberAll(scope: Scope, literal: Literal, pointer: string, key: Literal['place']): void {
  scope.places.remember(pointer, literal.place, key)
  if (literal.kind === 'list') literal.items.forEach((item, index) => rememberAll(scope, item, pointerTo(pointer, index), item.place))
  if (literal.kind === 'record') for (const entry of literal.entries) rememberAll(scope, entry.value, pointerTo(pointer, entry.key), entry.place)
}

function resolve(scope: Scope, written: string, literal: Literal, kind: Kind): string | undefined {
  const field = fieldOf(scope.own, written)
  if (!field) {
    // A field whose type was refused is known by name all the same: one mistake, one error.
    if (scope.own.shape.written.has(written)) return scope.own.shape.written.get(written)
    refuse(scope.report, 'EOS133', literal.place, `\`${written}\` is not a field of ${scope.own.declaration.key}`, 'a field of the interface', suggest(written, names(scope)))
    return undefined
  }
  if (isKind(field, kind)) return scope.own.shape.written.get(written)
  refuse(scope.report, 'EOS134', literal.place, `field \`${written}\` is no ${kind}`, kind === 'port' ? 'a field of type Port' : 'a field of type Secret', 'name another field or change its type')
  return undefined
}

function isKind(field: Field | RoleField, kind: Kind): boolean {
  if (kind === 'any') return true
  if (isRole(field)) return false
  return kind === 'secret' ? field.secret !== undefined : field.schema['maximum'] === 65535
}

function checkValue(scope: Scope, written: string, value: Literal): void {
  const field = fieldOf(scope.own, written)
  if (!field) return
  const values = closedValues(field)
  if (!values) {
    refuse(scope.report, 'EOS135', value.place, `field \`${written}\` has no closed set of values`, 'role, a literal union, a boolean or a union with `mode`', 'use a hook for anything more')
    return
  }
  const given = jsonOf(value)
  if (values.includes(given)) return
  refuse(scope.report, 'EOS135', value.place, `\`${written}\` is never ${JSON.stringify(given)}`, values.map((one) => JSON.stringify(one)).join(' or '), typeof given === 'string' ? suggest(given, values.filter((one) => typeof one === 'string')) : 'take one of these')
}

function names(scope: Scope): string[] {
  return [...scope.own.shape.written.keys()]
}
