import { isJsonObject } from './json.ts'
import type { Schema } from './types.ts'

/** The parts of a payload, in the order of an envelope. */
export const PARTS = ['subject', 'verdict', 'change', 'links'] as const

/** The schemas of an object's properties, by name. */
export function schemasOf({ properties }: Schema): { readonly [name: string]: Schema } {
  if (!isJsonObject(properties)) return {}
  return Object.fromEntries(Object.entries(properties).flatMap(([name, schema]) => (isJsonObject(schema) ? [[name, schema]] : [])))
}

/** The schema of one property; empty where there is none. */
export function schemaOf(object: Schema, name: string): Schema {
  return schemasOf(object)[name] ?? {}
}
