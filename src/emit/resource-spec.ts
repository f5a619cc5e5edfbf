import { isJsonObject } from '../contract/json.ts'
import { heldBy, innerOf } from '../contract/spots.ts'
import { isRole, type Field, type Json, type JsonObject, type ResourceContract, type Schema } from '../contract/types.ts'
import { fromJson, py } from './python.ts'
import { objectOf, titleOf } from './title.ts'

/** The table by which the converge kernel handles a resource, as a Python dict. */
export function specOf(resource: ResourceContract): string {
  const { spec } = resource
  const fields = Object.entries(resource.fields).flatMap(([name, field]) => (isRole(field) ? [] : [[name, fieldRow(resource, name, field)] as const]))
  const table = {
    service: spec.service,
    object: objectOf(resource),
    title: titleOf(resource),
    envelope: spec.wire.envelope ?? null,
    ...(spec.wire.raw === undefined ? {} : { raw: spec.wire.raw }),
    ...(spec.wire.constant ? { constant: spec.wire.constant } : {}),
    find: spec.find,
    create: spec.create,
    update: spec.update === 'never' ? null : spec.update,
    delete: spec.delete === 'never' ? null : spec.delete,
    ...(spec.lost === undefined ? {} : { lost: spec.lost }),
    ...(spec.exclusive ? { exclusive: spec.exclusive } : {}),
    fields: Object.fromEntries(fields),
    ...(spec.wait ? { wait: spec.wait } : {}),
    ...(spec.hooks && spec.hooks.length > 0 ? { hooks: spec.hooks } : {}),
  }
  return py(fromJson(table), 0, 7, 3)
}

function fieldRow(resource: ResourceContract, name: string, field: Field): JsonObject {
  return {
    ...row(resource, name, name, field.schema),
    schema: field.schema,
    ...(field.default === undefined ? {} : { default: field.default }),
    ...(field.key ? { key: true } : {}),
    ...(field.immutable ? { immutable: true } : {}),
    ...(field.read_only ? { read_only: true } : {}),
    ...(field.secret === undefined ? {} : { secret: true }),
  }
}

/** How one value is named, compared and written; the same for each field inside of it. */
function row(resource: ResourceContract, spot: string, name: string, schema: Schema): { [key: string]: Json } {
  const { wire, diff, since } = resource.spec
  const version = since?.[spot]
  return {
    wire: wire.rename?.[spot] ?? wireName(name, wire.case),
    diff: diff?.[spot] ?? 'exact',
    ...(version === undefined ? {} : { since: version }),
    ...shapeOf(resource, spot, schema),
  }
}

function shapeOf(resource: ResourceContract, spot: string, schema: Schema): JsonObject {
  const form = schema['x-form']
  if (form !== undefined && form !== 'slashed') return { form }
  const { kind, held } = heldBy(schema)
  if (kind === 'scalar') return {}
  if (kind === 'object') return { shape: 'object', fields: innerRows(resource, spot, schema) }
  const item = shapeOf(resource, spot, held)
  if (kind === 'list' && (held['type'] === 'string' || held['enum'] !== undefined)) return { shape: 'list', texts: true, ...(form === undefined && Object.keys(item).length === 0 ? {} : { item }) }
  return { shape: kind, item }
}

function innerRows(resource: ResourceContract, spot: string, schema: Schema): JsonObject {
  return Object.fromEntries(
    Object.entries(innerOf(schema)).map(([name, inner]) => {
      const value = isJsonObject(inner) ? inner['default'] : undefined
      return [name, { ...row(resource, `${spot}.${name}`, name, inner), ...(value === undefined ? {} : { default: value }) }]
    }),
  )
}

function wireName(name: string, style: string): string {
  if (style === 'snake') return name
  const pascal = name.split('_').map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
  return style === 'pascal' ? pascal : pascal.charAt(0).toLowerCase() + pascal.slice(1)
}
