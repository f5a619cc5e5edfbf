import { ts, type Expression, type SourceFile } from 'ts-morph'
import type { Json } from '../contract/types.ts'
import type { Place } from '../contract/problem.ts'
import { placeAt, refuse, type Report } from './place.ts'

/** One key of an object literal. */
export interface Entry {
  readonly key: string
  readonly place: Place
  readonly value: Literal
}

/** A pure literal with the place of every part. */
export type Literal =
  | { readonly kind: 'scalar'; readonly value: string | number | boolean | null; readonly place: Place; readonly raw: string }
  | { readonly kind: 'list'; readonly items: readonly Literal[]; readonly place: Place }
  | { readonly kind: 'record'; readonly entries: readonly Entry[]; readonly place: Place }

interface Reader {
  readonly report: Report
  readonly source: SourceFile
}

const EXPECTED = 'a string, number, true, false, null, list or object written out'
const ADVICE = 'write the value itself: nothing of a declaration is executed'

/** Reads an expression that is made of literals only; anything else is a problem and becomes undefined. */
export function readLiteral(report: Report, node: Expression): Literal | undefined {
  // The compiler's own nodes: wrapping every node of every literal would take most of the reader's time.
  return read({ report, source: node.getSourceFile() }, node.compilerNode)
}

/** The JSON of a literal, keys as written. */
export function jsonOf(literal: Literal): Json {
  if (literal.kind === 'scalar') return literal.value
  if (literal.kind === 'list') return literal.items.map(jsonOf)
  return Object.fromEntries(literal.entries.map(({ key, value }) => [key, jsonOf(value)]))
}

/** The value at a key of a record. */
export function at(literal: Literal | undefined, key: string): Literal | undefined {
  return literal?.kind === 'record' ? literal.entries.find((entry) => entry.key === key)?.value : undefined
}

/** The items of a list; none when it is no list. */
export function itemsOf(literal: Literal | undefined): readonly Literal[] {
  return literal?.kind === 'list' ? literal.items : []
}

/** The entries of a record; none when it is no record. */
export function entriesOf(literal: Literal | undefined): readonly Entry[] {
  return literal?.kind === 'record' ? literal.entries : []
}

/** The text of a string literal. */
export function textOf(literal: Literal | undefined): string | undefined {
  return literal?.kind === 'scalar' && typeof literal.value === 'string' ? literal.value : undefined
}

function read(reader: Reader, node: ts.Node): Literal | undefined {
  const place = placeIn(reader, node)
  const value = scalarOf(node)
  if (value !== undefined) return { kind: 'scalar', value, place, raw: node.getText(reader.source.compilerNode) }
  if (ts.isArrayLiteralExpression(node)) {
    return { kind: 'list', items: node.elements.map((element) => read(reader, element)).filter((item) => item !== undefined), place }
  }
  if (ts.isObjectLiteralExpression(node)) {
    const entries = node.properties.map((property) => readEntry(reader, property))
    return { kind: 'record', entries: once(reader, entries.filter((entry) => entry !== undefined)), place }
  }
  refuse(reader.report, 'EOS120', place, `${nameOf(node)} is outside the grammar of literals`, EXPECTED, ADVICE)
  return undefined
}

function placeIn({ report, source }: Reader, node: ts.Node): Place {
  const start = node.getStart(source.compilerNode)
  return placeAt(report, source, start, node.end - start)
}

function scalarOf(node: ts.Node): string | number | boolean | null | undefined {
  if (ts.isStringLiteralLike(node)) return node.text
  if (ts.isNumericLiteral(node)) return Number(node.text)
  if (node.kind === ts.SyntaxKind.TrueKeyword) return true
  if (node.kind === ts.SyntaxKind.FalseKeyword) return false
  if (node.kind === ts.SyntaxKind.NullKeyword) return null
  const isNegative = ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.MinusToken && ts.isNumericLiteral(node.operand)
  return isNegative && ts.isNumericLiteral(node.operand) ? -Number(node.operand.text) : undefined
}

function readEntry(reader: Reader, property: ts.ObjectLiteralElementLike): Entry | undefined {
  if (!ts.isPropertyAssignment(property)) {
    refuse(reader.report, 'EOS120', placeIn(reader, property), `${nameOf(property)} is outside the grammar of literals`, '`key: value`', ADVICE)
    return undefined
  }
  const { name, initializer } = property
  const place = placeIn(reader, name)
  if (!ts.isIdentifier(name) && !ts.isStringLiteral(name)) {
    refuse(reader.report, 'EOS120', place, `${nameOf(name)} is outside the grammar of literals`, 'a plain or quoted key', 'write the key itself')
    return undefined
  }
  const value = read(reader, initializer)
  return value && { key: name.text, place, value }
}

function once(reader: Reader, entries: readonly Entry[]): Entry[] {
  const first = new Map<string, Entry>()
  for (const entry of entries) {
    const before = first.get(entry.key)
    if (before) refuse(reader.report, 'EOS121', entry.place, `key \`${entry.key}\` is written twice`, 'each key once', 'remove one of the two', [before.place])
    else first.set(entry.key, entry)
  }
  return [...first.values()]
}

const NAMES: { readonly [kind: string]: string } = {
  SpreadElement: 'a spread',
  SpreadAssignment: 'a spread',
  ShorthandPropertyAssignment: 'a shorthand key',
  CallExpression: 'a call',
  ConditionalExpression: 'a conditional',
  Identifier: 'an identifier',
  ComputedPropertyName: 'a computed key',
  TemplateExpression: 'a template with substitutions',
  MethodDeclaration: 'a method',
  ArrowFunction: 'a function',
  AsExpression: 'a type assertion',
}

function nameOf(node: ts.Node): string {
  const kind = ts.SyntaxKind[node.kind]
  return NAMES[kind] ?? `a ${kind.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase()}`
}
