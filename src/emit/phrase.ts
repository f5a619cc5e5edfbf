import { isJsonList, isJsonObject } from '../contract/json.ts'
import { isRole, type Field, type Json, type RoleField, type Schema } from '../contract/types.ts'

/** What kind of value a schema asks for, in words. */
export function typePhrase(schema: Schema): string {
  const { type, enum: values, const: only, items, additionalProperties: extra, properties, anyOf, pattern } = schema
  const form = schema['x-form']
  if (typeof form === 'string' && form.startsWith('place:')) return 'secret, given by its place: `{file: …}`, `{sealed: …}` or `{vault: {path: …, field: …}}`'
  if (typeof form === 'string' && form.startsWith('span:')) return 'span of time such as `90s` or `1h30m`, or a number of seconds'
  const says = schema['x-says']
  if (typeof says === 'string') return says
  if (only !== undefined) return `\`${shown(only)}\``
  if (isJsonList(values)) return values.map((value) => `\`${String(value)}\``).join(' or ')
  if (isJsonList(anyOf)) return anyOf.filter(isJsonObject).map((branch) => (branch['type'] === 'null' ? 'nothing' : typePhrase(branch))).join(', or ')
  if (type === 'string') return textPhrase(pattern)
  if (type === 'integer') return schema['maximum'] === 65535 ? 'port' : 'whole number'
  if (type === 'boolean') return 'true or false'
  if (type === 'array') return isJsonObject(items) ? `list of ${typePhrase(items)}` : 'list'
  if (isJsonObject(properties)) return `map with ${Object.keys(properties).map((name) => `\`${name}\``).join(', ')}`
  if (isJsonObject(extra)) return `map of ${typePhrase(extra)} by name`
  return typeof type === 'string' ? type : 'value'
}

/** What one has to know about a field besides its text: type, default and flags. */
export function fieldPhrase(field: Field | RoleField): string {
  if (isRole(field)) return `Roles: ${field.roles.map((role) => `\`${role}\``).join(', ')}.`
  const words = [typePhrase(field.schema)]
  if (field.secret !== undefined) words.push('made once and sealed on the master')
  if (field.key) words.push('identifies it')
  if (field.immutable) words.push('cannot change afterwards')
  if (field.default !== undefined) words.push(`default \`${shown(field.default)}\``)
  else if (field.optional && field.secret === undefined) words.push('not managed when left out')
  const [first = '', ...rest] = words
  return `${first.charAt(0).toUpperCase()}${first.slice(1)}${rest.map((word) => `; ${word}`).join('')}.`
}

/** A value as YAML flow text. */
export function shown(value: Json): string {
  return typeof value === 'string' ? (value === '' ? "''" : value) : JSON.stringify(value)
}

function textPhrase(pattern: Json | undefined): string {
  if (typeof pattern !== 'string') return 'text'
  if (pattern.includes('KiB')) return 'size such as `128MiB`'
  return pattern.includes('ms|s') ? 'duration such as `90s`' : 'text'
}
