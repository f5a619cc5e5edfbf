import type { Json, JsonObject } from '../fact.ts'

const known = new Map<string, string>()

/** `exitCode` becomes `exit_code`, by the rule of the contract. */
export function snakeCase(name: string): string {
  const same = known.get(name)
  if (same !== undefined) return same
  const made = name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
  known.set(name, made)
  return made
}

/** The object with its own keys in snake_case; values stay as they are. */
export function snakeKeys(object: { readonly [key: string]: Json }): JsonObject {
  const made: Record<string, Json> = {}
  for (const [key, value] of Object.entries(object)) made[snakeCase(key)] = value
  return made
}
