import { suggest } from '../contract/nearest.ts'
import { at, itemsOf, jsonOf, textOf, type Literal } from './literal.ts'
import { refuse } from './place.ts'
import { within } from './references.ts'
import { componentName } from './field-rules.ts'
import { mapKeys, record, type Rule } from './rules.ts'
import type { Scope } from './scope.ts'

const REFERENCE = /\{([^{}]*)\}/g

/** The name of a leaf that every occurrence has, as the contract names it. */
export const leafName: Rule = (scope, literal, pointer) => {
  scope.places.remember(pointer, literal.place)
  const written = textOf(literal)
  if (written === undefined) return jsonOf(literal)
  // A name that was refused stays as it is: leaving it out would be reported as missing.
  return resolve(scope, written, literal) ?? written
}

/** A component by name, or the leaf that names it. */
export const target: Rule = (scope, literal, pointer) => (literal.kind === 'record' ? record({ leaf: leafName }) : componentName)(scope, literal, pointer)

/** A record whose keys are leaves. */
export function byLeaf(rule: Rule): Rule {
  return mapKeys((scope, key, literal) => resolve(scope, key, literal), () => rule)
}

/** Text with {references} to leaves that every occurrence has, and to a few words besides. */
export function policyText(words: readonly string[]): Rule {
  return (scope, literal, pointer) => {
    scope.places.remember(pointer, literal.place)
    const text = textOf(literal)
    if (text === undefined || literal.kind !== 'scalar') return jsonOf(literal)
    if (/[{}]/.test(text.replaceAll(REFERENCE, ''))) refuse(scope.report, 'EOS142', literal.place, 'a brace stands alone', 'braces around references only', 'close it, or take it away')
    return text.replaceAll(REFERENCE, (whole, written: string) => {
      if (words.includes(written)) return whole
      const name = resolve(scope, written, { ...literal, place: within(literal, whole) }, words)
      return name === undefined ? whole : `{${name}}`
    })
  }
}

function resolve(scope: Scope, written: string, { place }: Literal, words: readonly string[] = []): string | undefined {
  const payloads = payloadsOf(scope)
  if (payloads.length === 0) return undefined
  const [first, ...others] = payloads
  const common = [...(first?.leaves ?? [])].filter(([leaf]) => others.every(({ leaves }) => leaves.has(leaf)))
  const name = common.find(([leaf]) => leaf === written)?.[1]
  if (name !== undefined) return name
  const isSomewhere = payloads.some(({ leaves }) => leaves.has(written))
  const what = isSomewhere ? `not every occurrence has a leaf \`${written}\`` : `\`${written}\` is no leaf of the occurrences`
  refuse(scope.report, 'EOS142', place, what, `a leaf of every occurrence in \`on\`${words.map((word) => `, or {${word}}`).join('')}`, suggest(written, [...words, ...common.map(([leaf]) => leaf)]))
  return undefined
}

/** What the occurrences of the policy carry; one that is unknown is refused by the contract's own check. */
function payloadsOf({ events, own }: Scope): { readonly leaves: ReadonlyMap<string, string> }[] {
  return itemsOf(at(own.declaration.literal, 'on')).flatMap((item) => {
    const occurrence = textOf(item) ?? ''
    return events.get(occurrence.slice(0, Math.max(0, occurrence.lastIndexOf('/')))) ?? []
  })
}
