import { isJsonList, isJsonObject } from './json.ts'
import { isRole, type Fields, type Schema } from './types.ts'

/** What a value is made of, and the schema inside a list or a map; null in its place is looked through. */
export function heldBy(schema: Schema): { readonly kind: 'object' | 'list' | 'map' | 'scalar'; readonly held: Schema } {
  const { anyOf, items, additionalProperties, properties } = schema
  if (isJsonList(anyOf) && schema['x-form'] === undefined) {
    const branches = anyOf.filter(isJsonObject).filter((branch) => branch['type'] !== 'null')
    const [only] = branches
    if (only && branches.length === 1) return heldBy(only)
    if (branches.every((branch) => isJsonObject(branch['properties']))) return { kind: 'object', held: schema }
  }
  if (isJsonObject(items)) return { kind: 'list', held: items }
  if (isJsonObject(properties)) return { kind: 'object', held: schema }
  if (isJsonObject(additionalProperties)) return { kind: 'map', held: additionalProperties }
  return { kind: 'scalar', held: schema }
}

/** The fields of what a field holds, through lists and maps; of a union, of all its branches. */
export function innerOf(schema: Schema): { readonly [name: string]: Schema } {
  if (schema['x-form'] !== undefined) return {}
  const { kind, held } = heldBy(schema)
  if (kind === 'list' || kind === 'map') return innerOf(held)
  const { properties, anyOf } = held
  if (isJsonObject(properties)) return Object.fromEntries(Object.entries(properties).flatMap(([name, inner]) => (isJsonObject(inner) ? [[name, inner]] : [])))
  return Object.assign({}, ...(isJsonList(anyOf) ? anyOf.filter(isJsonObject).map(innerOf) : []))
}

/** The schema at a place such as `config.issuer`; undefined when there is no such place. */
export function spotOf(fields: Fields, path: string): Schema | undefined {
  const [head = '', ...rest] = path.split('.')
  const field = fields[head]
  if (!field || isRole(field)) return undefined
  return rest.reduce<Schema | undefined>((schema, part) => schema && innerOf(schema)[part], field.schema)
}
