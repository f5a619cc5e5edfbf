import { Node, type SourceFile, type TypeNode } from 'ts-morph'
import { isJsonObject } from '../contract/json.ts'
import { DURATION, SIZE } from '../contract/measures.ts'
import type { Json, JsonObject, Schema } from '../contract/types.ts'
import { jsonOfType } from './type-value.ts'
import { placeOf, refuse, type Report } from './place.ts'
import { resourceWord } from './resource-words.ts'
import { documentation } from './documentation.ts'
import { snakeCase } from './names.ts'

const MEASURES: { readonly [word: string]: Schema } = {
  Integer: { type: 'integer' },
  Port: { type: 'integer', minimum: 1, maximum: 65535 },
  Size: SIZE,
  Duration: DURATION,
}

/** The JSON Schema of a type node, or undefined after refusing it. `seen` holds the interfaces being read. */
export function readType(report: Report, node: TypeNode, seen: readonly string[] = []): Schema | undefined {
  if (Node.isParenthesizedTypeNode(node)) return readType(report, node.getTypeNode(), seen)
  if (Node.isLiteralTypeNode(node)) return literal(report, node)
  if (Node.isArrayTypeNode(node)) return list(readType(report, node.getElementTypeNode(), seen))
  if (Node.isTypeOperatorTypeNode(node) && node.getText().startsWith('readonly ')) return readType(report, node.getTypeNode(), seen)
  if (Node.isUnionTypeNode(node)) return union(report, node, node.getTypeNodes(), seen)
  if (Node.isTypeLiteral(node)) return readMembers(report, node, seen)
  if (Node.isTypeReference(node)) return reference(report, node, seen)
  const keyword = node.getText()
  if (keyword === 'string' || keyword === 'number' || keyword === 'boolean') return { type: keyword }
  return refuseType(report, node)
}

/** The schema of an object type: properties in order, none besides them. */
function readMembers(report: Report, node: Node, seen: readonly string[]): Schema | undefined {
  if (!Node.isTypeLiteral(node) && !Node.isInterfaceDeclaration(node)) return undefined
  const properties: { [name: string]: Json } = {}
  const required: string[] = []
  for (const member of node.getMembers()) {
    const type = Node.isPropertySignature(member) ? member.getTypeNode() : undefined
    if (!Node.isPropertySignature(member) || !type) {
      refuseType(report, member)
      continue
    }
    const { bare, value } = withoutDefault(report, type)
    const schema = readType(report, bare, seen)
    if (!schema) continue
    const doc = documentation(member)
    const name = snakeCase(plainName(member.getName()))
    properties[name] = { ...(doc === undefined ? {} : { description: doc }), ...schema, ...(value === undefined ? {} : { default: value }) }
    if (!member.hasQuestionToken() && value === undefined) required.push(name)
  }
  return { type: 'object', properties, ...(required.length > 0 ? { required } : {}), additionalProperties: false }
}

/** A member's type without the word `Default`, and the value that it gives. */
function withoutDefault(report: Report, type: TypeNode): { readonly bare: TypeNode; readonly value: Json | undefined } {
  const [first, second] = Node.isTypeReference(type) && type.getTypeName().getText() === 'Default' ? type.getTypeArguments() : []
  if (!first || !second) return { bare: type, value: undefined }
  const value = jsonOfType(second)
  if (value === undefined) refuse(report, 'EOS113', placeOf(report, second), `default \`${second.getText()}\` is not a literal`, 'a string, number, boolean, null, list or object written as a type', 'write the value itself')
  return { bare: first, value }
}

/** The name of a member without its quotes. */
export function plainName(name: string): string {
  return name.replace(/^(['"])(.*)\1$/, '$2')
}

function list(items: Schema | undefined): Schema | undefined {
  return items && { type: 'array', items }
}

function literal(report: Report, node: TypeNode): Schema | undefined {
  const value = jsonOfType(node)
  if (value === undefined) return refuseType(report, node)
  return value === null ? { type: 'null' } : { const: value }
}

function reference(report: Report, node: TypeNode, seen: readonly string[]): Schema | undefined {
  if (!Node.isTypeReference(node)) return undefined
  const name = node.getTypeName().getText()
  const [first, second] = node.getTypeArguments()
  const measure = MEASURES[name]
  if (measure) return measure
  const word = resourceWord(report, node)
  if (word) return word.schema
  if (name === 'Array' || name === 'ReadonlyArray') return first && list(readType(report, first, seen))
  if (name === 'Record' && first?.getText() === 'string' && second) {
    const values = readType(report, second, seen)
    return values && { type: 'object', additionalProperties: values }
  }
  const local = interfaceOf(node.getSourceFile(), name)
  if (!local) return refuseType(report, node)
  if (seen.includes(name)) {
    refuse(report, 'EOS110', placeOf(report, node), `type ${name} contains itself`, 'a type of finite depth', 'write the depth that is needed')
    return undefined
  }
  return readMembers(report, local, [...seen, name])
}

function interfaceOf(source: SourceFile, name: string): Node | undefined {
  return source.getInterface(name)
}

function union(report: Report, node: TypeNode, parts: readonly TypeNode[], seen: readonly string[]): Schema | undefined {
  const isNull = (part: TypeNode): boolean => part.getText() === 'null'
  const rest = parts.filter((part) => !isNull(part))
  const schemas = rest.map((part) => readType(report, part, seen))
  const known = schemas.filter((schema) => schema !== undefined)
  if (known.length < schemas.length) return undefined
  const joined = joinUnion(known)
  if (!joined) {
    refuse(report, 'EOS111', placeOf(report, node), `union ${shorten(node.getText())} mixes kinds`, 'literals, interfaces that each have a literal `mode`, or one type and null', 'give each branch a `mode`, or split the field in two')
    return undefined
  }
  return rest.length === parts.length ? joined : { anyOf: [joined, { type: 'null' }] }
}

function joinUnion(schemas: readonly Schema[]): Schema | undefined {
  const [only] = schemas
  if (schemas.length === 1) return only
  if (schemas.every((schema) => 'const' in schema)) return { enum: schemas.map((schema) => schema['const'] ?? null) }
  if (schemas.every((schema) => modeOf(schema) !== undefined)) return { anyOf: schemas }
  return undefined
}

/** The literal `mode` of an object schema. */
export function modeOf(schema: JsonObject): Json | undefined {
  const properties = schema['properties']
  const mode = isJsonObject(properties) ? properties['mode'] : undefined
  return isJsonObject(mode) ? mode['const'] : undefined
}


function refuseType(report: Report, node: Node): undefined {
  refuse(report, 'EOS110', placeOf(report, node), `type ${shorten(node.getText())} is outside the grammar of fields`, 'string, number, boolean, literals and their unions, T[], Record<string, T>, {…}, an interface of this file, T | null, or a word of the schema', 'write the field with one of these')
  return undefined
}

function shorten(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ')
  return `\`${line.length > 60 ? `${line.slice(0, 57)}…` : line}\``
}
