import { isJsonList } from '../contract/json.ts'
import { isRole, type Json, type JsonObject, type ResourceContract, type Schema } from '../contract/types.ts'

/** What the seven-step law runs with: each example, and another valid value for every field that it sets. */
export function lawOf(resource: ResourceContract): object {
  const keys = Object.entries(resource.fields).filter(([, field]) => !isRole(field) && field.key).map(([name]) => name)
  const examples = Object.entries(resource.spec.examples).map(([name, desired]) => [name, { desired, drift: driftOf(resource, desired) }])
  return { resource: resource.name, keys, examples: Object.fromEntries(examples) }
}

function driftOf(resource: ResourceContract, desired: JsonObject): JsonObject {
  const drift: { [name: string]: Json } = {}
  for (const [name, field] of Object.entries(resource.fields)) {
    if (isRole(field) || field.key || field.immutable || field.read_only) continue
    const value = desired[name] ?? field.default
    const other = value === undefined ? undefined : otherValue(field.schema, value)
    if (other !== undefined) drift[name] = other
  }
  return drift
}

/** A value of the same schema that is not this one; undefined when the schema has no other that we can name. */
function otherValue(schema: Schema, value: Json): Json | undefined {
  const values = schema['enum']
  if (isJsonList(values)) return values.find((one) => one !== value)
  if (typeof value === 'boolean') return !value
  if (typeof value === 'number') return value === schema['maximum'] ? value - 1 : value + 1
  if (typeof value === 'string') return schema['pattern'] === undefined ? "changed behind Salt's back" : undefined
  if (isJsonList(value)) return value.length > 1 ? value.slice(0, -1) : undefined
  if (value !== null && schema['properties'] === undefined) return { ...value, drifted: 'yes' }
  return undefined
}
