import type { Json, JsonObject } from '../fact.ts'

/** Text with references, cut once: literals and references take turns, a literal first. */
export interface Pattern {
  readonly literals: readonly string[]
  readonly references: readonly string[]
}

/** Cuts text at its `{references}`. */
export function patternOf(text: string): Pattern {
  const parts = text.split(/\{([^{}]*)\}/)
  return { literals: parts.filter((_, index) => index % 2 === 0), references: parts.filter((_, index) => index % 2 === 1) }
}

/** Puts the pattern together again, with what `value` says for each reference. */
export function fill({ literals, references }: Pattern, value: (reference: string, index: number) => string): string {
  let text = literals[0] ?? ''
  for (const [index, reference] of references.entries()) text += value(reference, index) + (literals[index + 1] ?? '')
  return text
}

/** The leaf at a dotted path as text: absent and null are `-`, a list is joined with commas. */
export function leafText(root: JsonObject, path: string): string {
  let value: Json | undefined = root
  for (const key of path.split('.')) value = isObject(value) ? value[key] : undefined
  if (value === undefined || value === null || value === '') return '-'
  return Array.isArray(value) ? value.join(',') : String(value)
}

/** True for an object: neither null nor a list. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
