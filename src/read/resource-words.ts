import { Node, type TypeNode, type TypeReferenceNode } from 'ts-morph'
import { LONGEST_TEXT, SLASHED, SPAN } from '../contract/measures.ts'
import type { Schema } from '../contract/types.ts'
import { placeOf, refuse, type Report } from './place.ts'
import { jsonOfType } from './type-value.ts'

const SPAN_SAYS = 'a span of time such as 90s or 1h30m, or a number of seconds'
const ANY: Schema = { anyOf: [SPAN, { type: 'number', minimum: 0 }], 'x-says': SPAN_SAYS }
/** Of a span that is not nothing some digit is not 0. */
const SOME: Schema = { anyOf: [{ type: 'string', pattern: SPAN.pattern.replace('^', '^(?=[^1-9]*[1-9])') }, { type: 'number', minimum: 1e-9 }], 'x-says': `${SPAN_SAYS}, longer than nothing` }

/** A closed object of texts. */
function record(...names: readonly string[]): Schema {
  return { type: 'object', properties: Object.fromEntries(names.map((name) => [name, { type: 'string' }])), required: names, additionalProperties: false }
}

const VAULT: Schema = { type: 'object', properties: { vault: record('path', 'field') }, required: ['vault'], additionalProperties: false }
/** Where a confidential text may lie. */
const PLACE: Schema = { anyOf: [record('file'), record('sealed'), VAULT], 'x-says': 'the place of a secret: {file: …}, {sealed: …} or {vault: {path: …, field: …}}' }

const WORDS: { readonly [word: string]: (report: Report, node: TypeReferenceNode) => Schema | undefined } = {
  Span: (report, node) => {
    const least = node.getTypeArguments()[1] === undefined ? 'any' : valueOf(node.getTypeArguments()[1])
    if (least !== 'any' && least !== 'some') return misuse(report, node, "`Span<'ns', 'some'>` for more than nothing, or no second word")
    return chosen(report, node, ['ns', 's', 'text'], (wire) => ({ ...(least === 'some' ? SOME : ANY), 'x-form': `span:${wire}` }))
  },
  Data: () => ({ type: 'object', 'x-says': 'a map in the words of the server' }),
  Base64: () => ({ type: 'string', 'x-form': 'base64' }),
  Slashed: () => ({ ...SLASHED, 'x-says': 'text of at most 512 characters with `/` between its parts, none of them empty, `.` or `..`', 'x-form': 'slashed' }),
  Confidential: (report, node) => {
    if (node.getTypeArguments().length === 0) return { ...PLACE, 'x-form': 'place:text' }
    return chosen(report, node, ['text', 'base64'], (wire) => ({ ...PLACE, 'x-form': `place:${wire}` }))
  },
  Matching: matching,
  Text: (report, node) => {
    const most = valueOf(node.getTypeArguments()[0])
    if (typeof most !== 'number' || !Number.isInteger(most) || most < 1 || most > LONGEST_TEXT) return misuse(report, node, `\`Text<256>\`, at most ${LONGEST_TEXT}`)
    return { type: 'string', pattern: `^[\\s\\S]{0,${most}}$`, 'x-says': `text of at most ${most} characters` }
  },
}

/** The schema of a word that only resources have; undefined when the type is none of them. */
export function resourceWord(report: Report, node: TypeReferenceNode): { readonly schema: Schema | undefined } | undefined {
  const word = WORDS[node.getTypeName().getText()]
  return word && { schema: word(report, node) }
}

function matching(report: Report, node: TypeReferenceNode): Schema | undefined {
  const [pattern, says] = node.getTypeArguments().map(valueOf)
  if (typeof pattern !== 'string' || typeof says !== 'string' || says === '' || !pattern.startsWith('^') || !pattern.endsWith('$') || !isPattern(pattern)) {
    return misuse(report, node, "`Matching<'^[a-z-]+$', 'lower-case letters and `-`'>`: a pattern for the whole text, and what it says")
  }
  return { type: 'string', pattern, 'x-says': says }
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, 'u').source !== ''
  } catch {
    return false
  }
}

function chosen(report: Report, node: TypeReferenceNode, known: readonly string[], make: (value: string) => Schema): Schema | undefined {
  const value = valueOf(node.getTypeArguments()[0])
  if (typeof value === 'string' && known.includes(value)) return make(value)
  return misuse(report, node, `one of ${known.map((one) => `\`${node.getTypeName().getText()}<'${one}'>\``).join(', ')}`)
}

function valueOf(type: TypeNode | undefined): unknown {
  return type && Node.isLiteralTypeNode(type) ? jsonOfType(type) : undefined
}

function misuse(report: Report, node: TypeReferenceNode, form: string): undefined {
  refuse(report, 'EOS112', placeOf(report, node), `word \`${node.getTypeName().getText()}\` is used wrongly`, form, 'compare it with the words in src/schema/resource.ts')
}
