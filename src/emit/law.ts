import { isJsonList, isJsonObject } from '../contract/json.ts'
import { heldBy, innerOf } from '../contract/spots.ts'
import { isRole, type Field, type Json, type JsonObject, type ResourceContract, type Schema } from '../contract/types.ts'

/** What the law runs with: each example, another valid value for every field that it sets, and what must be there before. */
export function lawOf(resource: ResourceContract): object {
  const fields = Object.entries(resource.fields).flatMap(([name, field]) => (isRole(field) ? [] : [[name, field] as const]))
  const keys = fields.filter(([, field]) => field.key).map(([name]) => name)
  const fixed = fields.filter(([, field]) => field.immutable).map(([name]) => name)
  const updatable = resource.spec.update === 'never' ? [] : fields.filter(([name, field]) => isUpdatable(resource, name, field)).map(([name]) => name)
  const examples = Object.entries(resource.spec.examples).map(([name, desired]) => [name, { desired, drift: driftOf(resource, updatable, desired), parts: partsOf(resource, updatable, desired), fixed: driftOf(resource, fixed, desired) }])
  const { given, samples } = resource.spec
  const lasting = resource.spec.delete === 'never' ? { lasting: true } : {}
  return { resource: resource.name, service: resource.spec.service, keys, updatable, ...lasting, ...(given ? { given } : {}), ...(samples ? { samples } : {}), examples: Object.fromEntries(examples) }
}

function isUpdatable({ spec }: ResourceContract, name: string, field: Field): boolean {
  return !field.key && !field.immutable && !field.read_only && spec.diff?.[name] !== 'write-only'
}

function driftOf(resource: ResourceContract, names: readonly string[], desired: JsonObject): JsonObject {
  const drift: { [name: string]: Json } = {}
  for (const name of names) {
    const field = resource.fields[name]
    if (!field || isRole(field)) continue
    const value = desired[name] ?? field.default
    const other = value === undefined ? undefined : otherValue(resource, name, field.schema, value)
    if (other !== undefined) drift[name] = other
  }
  return drift
}

/** Every other value of a field that differs in one of its parts alone: what is inside may be forgotten one by one. */
function partsOf(resource: ResourceContract, names: readonly string[], desired: JsonObject): object[] {
  return names.flatMap((name) => {
    const field = resource.fields[name]
    const value = desired[name]
    if (!field || isRole(field) || value === undefined) return []
    return insides(resource, name, field.schema, value).map((part) => ({ field: name, ...part }))
  })
}

interface Part {
  readonly spot: string
  readonly value: Json
}

function insides(resource: ResourceContract, spot: string, schema: Schema, value: Json): Part[] {
  if (schema['x-form'] !== undefined) return []
  const { kind, held } = heldBy(schema)
  if (kind === 'list' && isJsonList(value)) {
    return value.flatMap((item, index) => insides(resource, spot, held, item).map((part) => ({ ...part, value: value.with(index, part.value) })))
  }
  if (!isJsonObject(value) || kind === 'scalar') return []
  if (kind === 'map') return Object.entries(value).flatMap(([key, item]) => insides(resource, spot, held, item).map((part) => ({ ...part, value: { ...value, [key]: part.value } })))
  return Object.entries(innerOf(schema)).flatMap(([name, inner]) => {
    const own = value[name]
    const here = `${spot}.${name}`
    if (own === undefined || name === 'mode' || resource.spec.diff?.[here] === 'write-only') return []
    const deeper = insides(resource, here, inner, own).map((part) => ({ ...part, value: { ...value, [name]: part.value } }))
    if (deeper.length > 0) return deeper
    const other = otherValue(resource, here, inner, own)
    return other === undefined ? [] : [{ spot: here, value: { ...value, [name]: other } }]
  })
}

const TEXTS = ["changed behind Salt's back", 'changed']

/** A value of the same schema that is not this one; undefined when neither its samples nor, without any, its schema name another. */
function otherValue(resource: ResourceContract, spot: string, schema: Schema, value: Json): Json | undefined {
  const { kind, held } = heldBy(schema)
  // A part first: the whole of another sample may differ in nothing that the example says.
  const part = kind === 'object' && isJsonObject(value) ? otherObject(resource, spot, schema, value) : undefined
  if (part !== undefined) return part
  const samples = resource.spec.samples?.[spot]
  if (samples) return samples.find((one) => JSON.stringify(one) !== JSON.stringify(value))
  const { enum: values, const: only, pattern, maximum } = schema
  if (only !== undefined) return undefined
  const form = schema['x-form']
  if (typeof form === 'string' && form.startsWith('span:')) return value === '7m' ? '9m' : '7m'
  if (typeof form === 'string' && form !== 'base64') return undefined
  if (isJsonList(values)) return values.find((one) => one !== value)
  if (typeof value === 'boolean') return !value
  if (typeof value === 'number') return value === maximum ? value - 1 : value + 1
  if (typeof value === 'string') return TEXTS.find((text) => text !== value && (typeof pattern !== 'string' || new RegExp(pattern, 'u').test(text)))
  if (isJsonList(value)) return otherList(resource, spot, held, value)
  return kind === 'map' && isJsonObject(value) ? otherMap(resource, spot, held, value) : undefined
}

function otherList(resource: ResourceContract, spot: string, held: Schema, value: readonly Json[]): Json | undefined {
  if (value.length > 1) return value.slice(0, -1)
  const [only] = value
  const other = only === undefined ? undefined : otherValue(resource, spot, held, only)
  return other === undefined || isJsonList(other) ? other : [other]
}

function otherMap(resource: ResourceContract, spot: string, held: Schema, value: JsonObject): Json | undefined {
  if (held['type'] === 'string' && held['x-form'] === undefined) return { ...value, drifted: 'yes' }
  const [first] = Object.entries(value)
  const other = first && otherValue(resource, spot, held, first[1])
  return first && other !== undefined ? { ...value, [first[0]]: other } : undefined
}

function otherObject(resource: ResourceContract, spot: string, schema: Schema, value: JsonObject): Json | undefined {
  for (const [name, inner] of Object.entries(innerOf(schema))) {
    const own = value[name] ?? inner['default']
    const other = own === undefined || name === 'mode' ? undefined : otherValue(resource, `${spot}.${name}`, inner, own)
    if (other !== undefined) return { ...value, [name]: other }
  }
  return undefined
}
