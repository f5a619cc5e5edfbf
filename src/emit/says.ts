import { isJsonList, isJsonObject } from '../contract/json.ts'
import type { JsonObject } from '../contract/types.ts'

/** A reference to a leaf in the words of a verb. */
const REFERENCE = /\{([a-z_]+)\.([a-z0-9_]+)\}/g

const MOMENT = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?Z$/

/** Words for an operator with the leaves of a payload in them; in advice, whose commands a person copies, each as one word of a shell. */
export function filled(words: string, payload: JsonObject, isAdvice = false): string {
  return words.replaceAll(REFERENCE, (_, part: string, name: string) => {
    const shown = shownLeaf(payload, part, name)
    return isAdvice && /[^\w@%+=:,./-]/.test(shown) ? `'${shown.replaceAll("'", `'"'"'`)}'` : shown
  })
}

/** A leaf as `saltext/eos/utils/event_text.py` shows it to an operator. */
function shownLeaf(payload: JsonObject, part: string, name: string): string {
  const leaves = payload[part]
  const value = isJsonObject(leaves) ? leaves[name] : undefined
  if (value === null || value === undefined || value === '') return '-'
  if (isJsonList(value)) return value.length === 0 ? '-' : value.map(String).join(', ')
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  const [, moment, rest = ''] = MOMENT.exec(String(value)) ?? []
  return moment === undefined ? String(value) : `${moment}.${rest.slice(0, 3).padEnd(3, '0')}Z`
}
