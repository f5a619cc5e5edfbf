import { isObject } from '../envelope/text.ts'
import type { Json, JsonObject } from '../fact.ts'

const NOTHING: JsonObject = Object.freeze({})

/** The object at a key; an empty one where Nomad has null or left it out. */
export function objectAt(from: JsonObject, key: string): JsonObject {
  const value = from[key]
  return isObject(value) ? value : NOTHING
}

/** The objects in the list at a key. */
export function objectsAt(from: JsonObject, key: string): readonly JsonObject[] {
  const value = from[key]
  return Array.isArray(value) ? value.filter((one: Json) => isObject(one)) : []
}

/** The text at a key; empty where there is none. */
export function textAt(from: JsonObject, key: string): string {
  const value = from[key]
  return typeof value === 'string' ? value : ''
}

/** The whole number at a key; 0 where there is none. */
export function wholeAt(from: JsonObject, key: string): number {
  const value = from[key]
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : 0
}

/** The digits of a number that may exceed 2^53; empty where there is none or it is 0. */
export function digitsAt(from: JsonObject, key: string): string {
  const value = from[key]
  if (typeof value === 'string') return /^\d+$/.test(value) ? value : ''
  return typeof value === 'number' && value > 0 ? String(value) : ''
}

/** Whole number in a text, as the details of task events have it; null where it is none. */
export function wholeIn(text: string): number | null {
  return /^-?\d{1,9}$/.test(text) ? Number(text) : null
}
