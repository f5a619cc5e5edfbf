import { isJsonList, isJsonObject } from '../contract/json.ts'
import { pointerTo } from '../contract/places.ts'
import { suggest } from '../contract/nearest.ts'
import { innerOf } from '../contract/spots.ts'
import { isRole, type Json, type Schema } from '../contract/types.ts'
import { convertBySchema } from './convert.ts'
import { jsonOf, textOf, type Literal } from './literal.ts'
import { snakeCase } from './names.ts'
import { refuse } from './place.ts'
import { plain, type Rule } from './rules.ts'
import { fieldOf, type Scope } from './scope.ts'

/** A place in a resource: its name in the contract and what stands there. */
interface Spot {
  readonly name: string
  readonly schema: Schema
}

/** A record whose keys are fields, or with dots fields of what these hold. */
export function bySpot(rule: (spot: Spot) => Rule): Rule {
  return (scope, literal, pointer) => {
    if (literal.kind !== 'record') return plain(scope, literal, pointer)
    scope.places.remember(pointer, literal.place)
    const entries = literal.entries.map(({ key, place, value }) => {
      const spot = resolve(scope, key, place)
      if (!spot) return undefined
      const at = pointerTo(pointer, spot.name)
      const json = rule(spot)(scope, value, at)
      scope.places.remember(at, value.place, place)
      return json === undefined ? undefined : ([spot.name, json] as const)
    })
    return Object.fromEntries(entries.filter((entry) => entry !== undefined))
  }
}

/** How a field is compared: a word, or the field by which the items of its list are known. */
export function comparison({ schema }: Spot): Rule {
  return (scope, literal, pointer) => {
    const entry = literal.kind === 'record' && literal.entries.length === 1 ? literal.entries[0] : undefined
    const by = entry?.key === 'by' ? textOf(entry.value) : undefined
    if (!entry || by === undefined) return plain(scope, literal, pointer)
    scope.places.remember(pointer, literal.place)
    const items = isJsonObject(schema['items']) ? Object.keys(innerOf(schema)) : []
    if (items.includes(snakeCase(by))) return { by: snakeCase(by) }
    refuse(scope.report, 'EOS133', entry.value.place, `\`${by}\` is no field of the items`, 'a field of the objects in the list', suggest(snakeCase(by), items))
    return undefined
  }
}

/** Values as a caller writes them, keys of objects renamed as the reader renamed them. */
export function values({ schema }: Spot): Rule {
  return (scope, literal, pointer) => {
    const given: Json = jsonOf(literal)
    rememberItems(scope, literal, pointer)
    return isJsonList(given) ? given.map((one) => convertBySchema(one, schema)) : given
  }
}

function rememberItems(scope: Scope, literal: Literal, pointer: string): void {
  scope.places.remember(pointer, literal.place)
  if (literal.kind === 'list') literal.items.forEach((item, index) => scope.places.remember(pointerTo(pointer, index), item.place))
}

function resolve(scope: Scope, written: string, place: Literal['place']): Spot | undefined {
  const [head = '', ...rest] = written.split('.')
  const field = fieldOf(scope.own, head)
  const first = scope.own.shape.written.get(head)
  // A field whose type was refused is known by name all the same: one mistake, one error.
  if (!field && first !== undefined) return undefined
  if (!field || first === undefined || isRole(field)) return nowhere(scope, head, place, written, [...scope.own.shape.written.keys()])
  let spot: Spot = { name: first, schema: field.schema }
  for (const part of rest) {
    const inner: { readonly [name: string]: Schema } = innerOf(spot.schema)
    const schema: Schema | undefined = inner[snakeCase(part)]
    if (!schema) return nowhere(scope, part, place, written, Object.keys(inner))
    spot = { name: `${spot.name}.${snakeCase(part)}`, schema }
  }
  return spot
}

function nowhere(scope: Scope, part: string, place: Literal['place'], written: string, known: readonly string[]): undefined {
  refuse(scope.report, 'EOS133', place, `\`${written}\` is not a field of ${scope.own.declaration.key}`, 'a field of the interface, or with dots a field of what it holds', suggest(part, known))
}
