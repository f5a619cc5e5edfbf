import { isJsonList, isJsonObject } from '../contract/json.ts'
import { isRole, type Field, type Fields, type Json, type RoleField, type Schema } from '../contract/types.ts'
import { typePhrase } from './phrase.ts'

/** A table of Markdown; nothing where it has no rows. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return ''
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** A row for each key inside an object, its path with colons as Salt writes it. */
export function nested(path: string, schema: Schema): string[][] {
  const { properties, required, anyOf } = schema
  if (isJsonList(anyOf)) return anyOf.filter(isJsonObject).flatMap((branch) => nested(path, branch))
  if (!isJsonObject(properties)) return []
  return Object.entries(properties).flatMap(([name, inner]) => {
    if (!isJsonObject(inner)) return []
    const here = `${path}:${name}`
    const must = isJsonList(required) && required.includes(name) ? 'required' : ''
    return [[`\`${here}\``, typePhrase(inner), must, textOf(inner['description'])], ...nested(here, inner)]
  })
}

/** A text, or an empty one. */
export function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : ''
}

/** The fields that hold a value. */
export function plainFields(fields: Fields): [string, Field][] {
  return Object.entries(fields).filter((entry): entry is [string, Field] => isPlain(entry[1]))
}

function isPlain(field: Field | RoleField): field is Field {
  return !isRole(field)
}
