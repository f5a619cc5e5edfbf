import { isJsonList, isJsonObject } from '../contract/json.ts'
import type { Json, JsonObject, Schema } from '../contract/types.ts'
import { snakeCase } from './names.ts'

/** Renames the keys of a value as the reader renamed them in its schema: object types yes, records no. */
export function convertBySchema(value: Json, schema: Schema): Json {
  if (isJsonList(value)) {
    const items = schema['items']
    return isJsonObject(items) ? value.map((item) => convertBySchema(item, items)) : value
  }
  if (value === null || typeof value !== 'object') return value
  const properties = propertiesOf(schema)
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      const name = properties ? snakeCase(key) : key
      const inner = properties?.[name] ?? schema['additionalProperties']
      return [name, isJsonObject(inner) ? convertBySchema(item, inner) : item]
    }),
  )
}

/** The properties of an object schema, or of the branches of a union together. */
function propertiesOf(schema: Schema): JsonObject | undefined {
  const own = schema['properties']
  if (isJsonObject(own)) return own
  const branches = schema['anyOf']
  if (!isJsonList(branches)) return undefined
  const found = branches.filter(isJsonObject).map(propertiesOf).filter((properties) => properties !== undefined)
  return found.length > 0 ? Object.assign({}, ...found) : undefined
}
