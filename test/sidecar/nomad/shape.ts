import { isObject } from '../../../src/sidecar/envelope/text.ts'
import type { Json, JsonObject } from '../../../src/sidecar/fact.ts'

/** The value as an object. */
export function object(value: Json): JsonObject {
  if (isObject(value)) return value
  throw new Error(`${JSON.stringify(value)} is no object`)
}

/** The value as a list. */
export function array(value: Json | undefined): readonly Json[] {
  if (Array.isArray(value)) return value
  throw new Error(`${JSON.stringify(value)} is no list`)
}
