import { beforeOf } from '../contract/check-after.ts'
import { isJsonList, isJsonObject } from '../contract/json.ts'
import type { Field, Json, JsonObject, ResourceContract, Schema } from '../contract/types.ts'
import { plainFields, table } from './markdown.ts'
import { saltYaml } from './salt-yaml.ts'
import { titleOf } from './title.ts'

const ID = 'The same as `name` where that is not given.'
const GONE = 'The object is taken away; `true` is the only value.'

/** What there is to know about objects in the pillar. */
export const OBJECTS = [
  'Objects of Nomad, Consul and Vault. `state.apply eos.objects` applies them, by hand or from a top file, on a minion whose `eos:connections` reach the servers; neither highstate `eos` nor `eos.bootstrap` does. A pillar with nothing but `objects` needs neither stack nor topology.',
  'An entry holds what the state `present` of the resource takes. Its id is the `name` where none is given. `absent: true`, with the fields that identify the object, takes it away. What is not in the pillar, or no longer, is left alone. A secret is given by its place. Lists are written as lists.',
  'Each resource comes after those in its last column; of the others Vault comes first, then Consul, then Nomad. Objects that are to go come last, in the reverse order. Where one fails, the others go on.',
].join('\n\n')

/** The JSON Schema of `eos:objects`. */
export function objectsSchema(resources: readonly ResourceContract[]): Schema {
  const sections = resources.map((resource) => [resource.name, { type: 'object', description: resource.doc, additionalProperties: entry(resource) }] as const)
  return { type: 'object', description: 'Objects of Nomad, Consul and Vault, by resource and id; `state.apply eos.objects` applies them.', properties: Object.fromEntries(sections), additionalProperties: false }
}

/** The rows of all resources on the pillar's page. */
export function objectsTable(resources: readonly ResourceContract[]): string {
  return table(['resource', 'what it is', 'after'], resources.map((resource) => [`[\`${resource.name}\`](resources/${resource.name}.md)`, resource.doc.split('\n')[0] ?? '', beforeOf(resource).map((name) => `\`${name}\``).join(', ')]))
}

/** What the page of a resource says about the pillar. */
export function pillarSection(resource: ResourceContract): string {
  const before = beforeOf(resource)
  const keys = keysOf(resource)
  const beside = keys.length === 0 ? '' : ` beside ${keys.map((name) => `\`${name}\``).join(' and ')}`
  const gone = isLasting(resource) ? '' : ` \`absent: true\`${beside} takes it away; what leaves the pillar stays.`
  const order = before.length === 0 ? '' : `\n\nIt comes after every ${before.map((name) => `[\`${name}\`](${name}.md)`).join(', ')}.`
  return `Below \`eos:objects:${resource.name}\`, by id, which is the \`name\` where none is given: the fields above.${gone} \`state.apply eos.objects\` applies the pillar.${order}\n\n${block(samples(resource))}${isLasting(resource) ? '' : `\n\n${block(removal(resource))}`}`
}

/** The objects that the richest example needs, and it. */
function samples(resource: ResourceContract): JsonObject {
  const given = (resource.spec.given ?? []).map(({ run, with: values }) => [run.slice(0, run.indexOf('.')), values] as const)
  const objects: { [name: string]: { [id: string]: Json } } = {}
  for (const [name, values] of [...given, [resource.name, richest(resource)] as const]) {
    const { name: id, ...rest } = values
    objects[name] = { ...objects[name], [String(id)]: rest }
  }
  return { eos: { objects } }
}

function removal(resource: ResourceContract): JsonObject {
  const example = richest(resource)
  const keys = keysOf(resource).flatMap((name) => (example[name] === undefined ? [] : [[name, example[name]] as const]))
  return { eos: { objects: { [resource.name]: { [String(example['name'])]: { ...Object.fromEntries(keys), absent: true } } } } }
}

function richest({ spec }: ResourceContract): JsonObject {
  return Object.values(spec.examples).reduce((best, next) => (Object.keys(next).length > Object.keys(best).length ? next : best), {})
}

/** The fields besides the name that say which object is meant. */
function keysOf(resource: ResourceContract): string[] {
  return settable(resource).flatMap(([name, field]) => (field.key && name !== 'name' ? [name] : []))
}

function isLasting({ spec }: ResourceContract): boolean {
  return spec.delete === 'never'
}

function settable({ fields }: ResourceContract): [string, Field][] {
  return plainFields(fields).filter(([, field]) => !field.read_only)
}

function entry(resource: ResourceContract): Schema {
  const fields = settable(resource)
  const present = closed(fields, {})
  const absent = closed(fields.filter(([, { key }]) => key), { absent: { const: true, description: GONE } })
  const nothing = 'required' in present ? [] : [{ type: 'null' }]
  return { anyOf: [present, ...(isLasting(resource) ? [] : [{ ...absent, required: [...needed(absent), 'absent'] }]), ...nothing] }
}

function closed(fields: readonly (readonly [string, Field])[], more: { readonly [name: string]: Schema }): Schema {
  const required = fields.flatMap(([name, { optional }]) => (optional || name === 'name' ? [] : [name]))
  const properties = fields.map(([name, field]) => [name, { description: name === 'name' ? `${field.doc} ${ID}` : field.doc, ...bare(field.schema), ...(field.default === undefined ? {} : { default: field.default }) }] as const)
  return { type: 'object', properties: { ...Object.fromEntries(properties), ...more }, ...(required.length > 0 ? { required } : {}), additionalProperties: false }
}

function needed({ required }: Schema): readonly Json[] {
  return isJsonList(required) ? required : []
}

/** A schema without the words that only the kernel reads. */
function bare(schema: Schema): Schema {
  const clean = (value: Json): Json => {
    if (isJsonList(value)) return value.map(clean)
    return isJsonObject(value) ? bare(value) : value
  }
  return Object.fromEntries(Object.entries(schema).flatMap(([key, value]) => (key === 'x-form' || key === 'x-says' ? [] : [[key, clean(value)]])))
}

function block(value: JsonObject): string {
  return `\`\`\`yaml\n${saltYaml(value, 80).trimEnd()}\n\`\`\``
}
