import { isRole, type Field, type Json, type ResourceContract } from '../contract/types.ts'
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
    find: spec.find,
    create: spec.create,
    update: spec.update === 'never' ? null : spec.update,
    delete: spec.delete,
    fields: Object.fromEntries(fields),
    ...(spec.wait ? { wait: spec.wait } : {}),
    ...(spec.hooks && spec.hooks.length > 0 ? { hooks: spec.hooks } : {}),
  }
  return py(fromJson(table), 0, 7, 3)
}

function fieldRow(resource: ResourceContract, name: string, field: Field): { [key: string]: Json } {
  return {
    wire: resource.spec.wire.rename?.[name] ?? wireName(name, resource.spec.wire.case),
    schema: field.schema,
    diff: resource.spec.diff?.[name] ?? 'exact',
    ...(field.default === undefined ? {} : { default: field.default }),
    ...(field.key ? { key: true } : {}),
    ...(field.immutable ? { immutable: true } : {}),
    ...(field.read_only ? { read_only: true } : {}),
    ...(field.secret === undefined ? {} : { secret: true }),
  }
}

function wireName(name: string, style: string): string {
  if (style === 'snake') return name
  const pascal = name.split('_').map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
  return style === 'pascal' ? pascal : pascal.charAt(0).toLowerCase() + pascal.slice(1)
}
