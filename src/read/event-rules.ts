import { suggest } from '../contract/nearest.ts'
import { pointerTo } from '../contract/places.ts'
import { convertBySchema } from './convert.ts'
import { jsonOf, textOf, type Literal } from './literal.ts'
import { refuse } from './place.ts'
import { within } from './references.ts'
import type { Rule } from './rules.ts'
import type { Scope } from './scope.ts'
import { snakeCase } from './names.ts'

const REFERENCE = /\{([^{}]*)\}/g

/** Text with {references} to leaves of the payload, and to a few words besides. */
export function payloadText(words: readonly string[]): Rule {
  return (scope, literal, pointer) => {
    scope.places.remember(pointer, literal.place)
    const text = textOf(literal)
    if (text === undefined || literal.kind !== 'scalar') return jsonOf(literal)
    const stray = text.replaceAll(REFERENCE, '').search(/[{}]/) >= 0
    if (stray) refuse(scope.report, 'EOS141', literal.place, 'a brace stands alone', 'braces around references only', 'close it, or take it away')
    return text.replaceAll(REFERENCE, (whole, written: string) => {
      const name = words.includes(written) ? written : scope.own.payload?.leaves.get(written)
      if (name !== undefined) return `{${name}}`
      const known = [...words, ...(scope.own.payload?.leaves.keys() ?? [])]
      refuse(scope.report, 'EOS141', within(literal, whole), `\`${whole}\` is no leaf of the payload`, words.length > 0 ? `a leaf of subject, verdict, change or links, or ${words.map((word) => `{${word}}`).join(', ')}` : 'a leaf of subject, verdict, change or links', suggest(written, known))
      return whole
    })
  }
}

/** An example of a payload, without its verb. */
export const payloadExample: Rule = (scope, literal, pointer) => {
  rememberAll(scope, literal, pointer)
  return convertBySchema(jsonOf(literal), scope.own.payload?.schema ?? {})
}

/** The registry key of an event. */
export const eventName: Rule = (scope, literal, pointer) => {
  scope.places.remember(pointer, literal.place)
  return jsonOf(literal)
}

function rememberAll(scope: Scope, literal: Literal, pointer: string): void {
  scope.places.remember(pointer, literal.place)
  if (literal.kind === 'list') literal.items.forEach((item, index) => rememberAll(scope, item, pointerTo(pointer, index)))
  if (literal.kind === 'record') for (const { key, place, value } of literal.entries) {
    const at = pointerTo(pointer, snakeCase(key))
    rememberAll(scope, value, at)
    scope.places.remember(at, value.place, place)
  }
}
