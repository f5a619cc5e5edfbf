import { isJsonList, isJsonObject } from '../contract/json.ts'
import type { JsonObject } from '../contract/types.ts'

/** A reference to a leaf in the words of a verb. */
export const REFERENCE = /\{([a-z_]+)\.([a-z0-9_]+)\}/g

/** A leaf as `saltext/eos/utils/event_text.py` shows it to an operator. */
export function shownLeaf(payload: JsonObject, part: string, name: string): string {
  const leaves = payload[part]
  const value = isJsonObject(leaves) ? leaves[name] : undefined
  if (value === null || value === undefined || value === '') return '-'
  if (isJsonList(value)) return value.length === 0 ? '-' : value.map(String).join(', ')
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value)
}
