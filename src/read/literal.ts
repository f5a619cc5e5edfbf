import { Node, SyntaxKind, type Expression, type ObjectLiteralElementLike } from 'ts-morph'
import type { Json } from '../contract/types.ts'
import type { Place } from '../contract/problem.ts'
import { placeOf, refuse, type Report } from './place.ts'

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

const EXPECTED = 'a string, number, true, false, null, list or object written out'
const ADVICE = 'write the value itself: nothing of a declaration is executed'

/** Reads an expression that is made of literals only; anything else is a problem and becomes undefined. */
export function readLiteral(report: Report, node: Expression): Literal | undefined {
  const place = placeOf(report, node)
  const scalar = scalarOf(node)
  if (scalar !== undefined) return { kind: 'scalar', value: scalar, place, raw: node.getText() }
  if (Node.isArrayLiteralExpression(node)) {
    const items = node.getElements().map((element) => readLiteral(report, element))
    return { kind: 'list', items: items.filter((item) => item !== undefined), place }
  }
  if (Node.isObjectLiteralExpression(node)) {
    const entries = node.getProperties().map((property) => readEntry(report, property))
    return { kind: 'record', entries: once(report, entries.filter((entry) => entry !== undefined)), place }
  }
  refuse(report, 'EOS120', place, `${nameOf(node)} is outside the grammar of literals`, EXPECTED, ADVICE)
  return undefined
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

function scalarOf(node: Expression): string | number | boolean | null | undefined {
  if (Node.isStringLiteral(node) || Node.isNoSubstitutionTemplateLiteral(node)) return node.getLiteralValue()
  if (Node.isNumericLiteral(node)) return node.getLiteralValue()
  if (Node.isTrueLiteral(node)) return true
  if (Node.isFalseLiteral(node)) return false
  if (Node.isNullLiteral(node)) return null
  if (Node.isPrefixUnaryExpression(node) && node.getOperatorToken() === SyntaxKind.MinusToken) {
    const operand = node.getOperand()
    return Node.isNumericLiteral(operand) ? -operand.getLiteralValue() : undefined
  }
  return undefined
}

function readEntry(report: Report, property: ObjectLiteralElementLike): Entry | undefined {
  if (!Node.isPropertyAssignment(property)) {
    refuse(report, 'EOS120', placeOf(report, property), `${nameOf(property)} is outside the grammar of literals`, '`key: value`', ADVICE)
    return undefined
  }
  const name = property.getNameNode()
  const place = placeOf(report, name)
  const initializer = property.getInitializer()
  if (!Node.isIdentifier(name) && !Node.isStringLiteral(name)) {
    refuse(report, 'EOS120', place, `${nameOf(name)} is outside the grammar of literals`, 'a plain or quoted key', 'write the key itself')
    return undefined
  }
  const value = initializer && readLiteral(report, initializer)
  return value && { key: Node.isStringLiteral(name) ? name.getLiteralValue() : name.getText(), place, value }
}

function once(report: Report, entries: readonly Entry[]): Entry[] {
  const first = new Map<string, Entry>()
  for (const entry of entries) {
    const before = first.get(entry.key)
    if (before) refuse(report, 'EOS121', entry.place, `key \`${entry.key}\` is written twice`, 'each key once', 'remove one of the two', [before.place])
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

function nameOf(node: Node): string {
  return NAMES[node.getKindName()] ?? `a ${node.getKindName().replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase()}`
}
