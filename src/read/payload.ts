import { Node, type InterfaceDeclaration, type PropertySignature } from 'ts-morph'
import { isJsonList, isJsonObject } from '../contract/json.ts'
import { PARTS } from '../contract/schema-parts.ts'
import type { Json, Schema } from '../contract/types.ts'
import { documentation } from './documentation.ts'
import { snakeCase } from './names.ts'
import { LEAF_TYPES, leafSchema } from './payload-leaf.ts'
import { placeOf, refuse, type Report } from './place.ts'
import { plainName, readType } from './type-grammar.ts'

/** What an event carries. */
export interface Payload {
  /** Schema of verb, subject, verdict, change and links together. */
  readonly schema: Schema
  /** Every leaf as it is written, `subject.exitCode`, with its name in the contract, `subject.exit_code`. */
  readonly leaves: ReadonlyMap<string, string>
}

/** Reads the interface of an event: the closed set of verbs, and four objects of leaves. */
export function readPayload(report: Report, shape: InterfaceDeclaration): Payload {
  const members = new Map(shape.getProperties().map((member) => [plainName(member.getName()), member]))
  const leaves = new Map<string, string>()
  const properties: { [name: string]: Json } = {}
  const verb = verbsOf(report, shape, members.get('verb'))
  if (verb) properties['verb'] = verb
  for (const part of PARTS) {
    const schema = partOf(report, shape, part, members.get(part), leaves)
    if (schema) properties[part] = schema
  }
  for (const [name, member] of members) {
    if (name === 'verb' || PARTS.some((part) => part === name)) continue
    refuse(report, 'EOS140', placeOf(report, member.getNameNode()), `\`${name}\` is no part of a payload`, 'verb, subject, verdict, change and links', 'move its fields into one of these')
  }
  return { schema: { type: 'object', properties, required: Object.keys(properties), additionalProperties: false }, leaves }
}

function verbsOf(report: Report, shape: InterfaceDeclaration, member: PropertySignature | undefined): Schema | undefined {
  const type = member?.getTypeNode()
  const schema = type && readType(report, type)
  const values = schema?.['const'] === undefined ? schema?.['enum'] : [schema['const']]
  const isClosed = isJsonList(values) && values.every((value) => typeof value === 'string' && /^[a-z][a-z_]*$/.test(value))
  if (isClosed) return { enum: values }
  refuse(report, 'EOS140', placeOf(report, member?.getNameNode() ?? shape.getNameNode()), 'the verbs of an event are not a closed set', "`verb: 'failed' | 'gave_up'`, in the past tense and snake_case", 'write the union')
  return undefined
}

function partOf(report: Report, shape: InterfaceDeclaration, part: string, member: PropertySignature | undefined, leaves: Map<string, string>): Schema | undefined {
  const type = member?.getTypeNode()
  if (!type) {
    refuse(report, 'EOS140', placeOf(report, shape.getNameNode()), `the payload has no \`${part}\``, 'verb, subject, verdict, change and links', `write \`${part}: {}\` where there is nothing to say`)
    return undefined
  }
  const schema = readType(report, type)
  if (!schema) return undefined
  const object = Node.isTypeLiteral(type) ? type : shape.getSourceFile().getInterface(type.getText())
  if (!object || !isJsonObject(schema['properties'])) {
    refuse(report, 'EOS140', placeOf(report, type), `\`${part}\` is no object`, 'an object of leaves, or an interface of this file', 'write the object')
    return undefined
  }
  if (member?.hasQuestionToken()) refuse(report, 'EOS140', placeOf(report, member.getNameNode()), `\`${part}\` may be left out`, 'all four objects, in every event', 'remove the `?`')
  const properties: { [name: string]: Json } = {}
  const seen = new Map<string, string>()
  let isWhole = true
  for (const member of object.getProperties()) {
    const written = plainName(member.getName())
    const name = snakeCase(written)
    const before = seen.get(name)
    seen.set(name, written)
    if (before !== undefined) refuse(report, 'EOS105', placeOf(report, member.getNameNode()), `fields \`${before}\` and \`${written}\` both become \`${name}\``, 'names that stay different in snake_case', 'rename one of the two')
    const read = schema['properties'][name]
    const leaf = isJsonObject(read) ? leafSchema(read) : undefined
    leaves.set(`${part}.${written}`, `${part}.${name}`)
    if (leaf) properties[name] = leaf
    else isWhole = false
    if (read !== undefined && !leaf) refuse(report, 'EOS140', placeOf(report, member.getTypeNode() ?? member), `\`${part}.${written}\` is no leaf`, LEAF_TYPES, 'write it with one of these, or split it in several leaves')
    if (documentation(member) === undefined) refuse(report, 'EOS106', placeOf(report, member.getNameNode()), `field \`${part}.${written}\` is not documented`, 'a JSDoc sentence directly above it', 'say what it is, with its unit')
    if (member.hasQuestionToken()) refuse(report, 'EOS140', placeOf(report, member.getNameNode()), `field \`${part}.${written}\` may be left out`, 'a value, or null where there is none', `write \`${written}: … | null\``)
  }
  return isWhole ? { ...schema, properties } : undefined
}
