import type { JsonObject } from '../fact.ts'
import { fill, leafText, type Pattern } from './text.ts'

/** Encodes everything outside `[A-Za-z0-9_.-]` by its UTF-8 bytes; what comes out names one segment of a tag, and only it. */
export function encodeSegment(text: string): string {
  return text.replace(/[^A-Za-z0-9_.-]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  )
}

/** The tag of an envelope; a partition or namespace that is not the default one is appended to the first segment of the subject. */
export function renderTag(pattern: Pattern, verb: string, subject: JsonObject): string {
  const place = placeOf(subject)
  const first = pattern.references.findIndex((reference) => reference !== 'verb')
  return fill(pattern, (reference, index) => {
    if (reference === 'verb') return encodeSegment(verb)
    return encodeSegment(leafText({ subject }, reference)) + (index === first ? place : '')
  })
}

function placeOf(subject: JsonObject): string {
  return ['partition', 'namespace']
    .map((key) => subject[key])
    .filter((value) => typeof value === 'string' && value !== '' && value !== 'default')
    .map((value) => `@${encodeSegment(String(value))}`)
    .join('')
}
