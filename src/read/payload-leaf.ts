import { isJsonList, isJsonObject } from '../contract/json.ts'
import type { Json, Schema } from '../contract/types.ts'

/** What a leaf of a payload may be, in the words of a message. */
export const LEAF_TYPES = 'string, Integer, number, boolean, a union of texts, a list of one of these, or one of these or null'

const PLAIN: readonly Json[] = ['string', 'integer', 'number', 'boolean']

/** The schema of a leaf as it travels, or undefined for what is none; beyond 2^53 a number would change on the way, so it is refused. */
export function leafSchema(schema: Schema): Schema | undefined {
  const { anyOf, items, ...rest } = schema
  if (isJsonList(anyOf)) {
    const [value, nothing] = anyOf
    const leaf = isJsonObject(value) && isJsonObject(nothing) && nothing['type'] === 'null' ? leafSchema(value) : undefined
    return leaf && { ...rest, anyOf: [leaf, { type: 'null' }] }
  }
  if (isJsonObject(items)) {
    const item = 'items' in items || 'anyOf' in items ? undefined : leafSchema(items)
    return item && { ...rest, items: item }
  }
  const values = 'const' in schema ? [schema['const']] : schema['enum']
  if (isJsonList(values)) return values.every((value) => typeof value === 'string') ? schema : undefined
  if (!PLAIN.includes(schema['type'] ?? null) || 'pattern' in schema || 'minimum' in schema) return undefined
  return schema['type'] === 'integer' ? { ...schema, minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER } : schema
}
