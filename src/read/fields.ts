import { Node, type InterfaceDeclaration, type PropertySignature, type TypeNode } from 'ts-morph'
import { pointerTo, type Places } from '../contract/places.ts'
import type { Field, Fields, Json, RoleField, Schema } from '../contract/types.ts'
import { convertBySchema } from './convert.ts'
import { documentation } from './documentation.ts'
import { snakeCase, takenBy } from './names.ts'
import { placeOf, refuse, type Report } from './place.ts'
import { plainName, readType } from './type-grammar.ts'
import { jsonOfType } from './type-value.ts'

/** What the words around a type say about its field. */
interface Words {
  key?: true
  immutable?: true
  read_only?: true
  default?: Json
  secret?: string
}

const SECRET_FORMS = ['base64:32', 'password', 'uuid']

/** The fields of an interface: by snake_case name, and how each was written. */
export interface Shape {
  readonly fields: Fields
  /** From the name in TypeScript to the name in the contract. */
  readonly written: ReadonlyMap<string, string>
}

/** Reads the fields of an interface; mistakes are reported and their fields left out. */
export function readFields(report: Report, shape: InterfaceDeclaration, places: Places, root: string): Shape {
  const written = new Map<string, string>()
  const fields: { [name: string]: Field | RoleField } = {}
  const seen = new Map<string, PropertySignature>()
  for (const member of shape.getMembers()) {
    if (!Node.isPropertySignature(member)) {
      refuse(report, 'EOS110', placeOf(report, member), 'a field is a property', '`name: type`', 'write the member as a property')
      continue
    }
    const spelling = plainName(member.getName())
    const name = snakeCase(spelling)
    const before = seen.get(name)
    const place = placeOf(report, member.getNameNode())
    if (before) {
      refuse(report, 'EOS105', place, `fields \`${plainName(before.getName())}\` and \`${spelling}\` both become \`${name}\``, 'names that stay different in snake_case', 'rename one of the two', [placeOf(report, before.getNameNode())])
      continue
    }
    seen.set(name, member)
    written.set(spelling, name)
    const field = readField(report, member, spelling)
    if (!field) continue
    const isPassed = root.startsWith('resource/') && 'schema' in field && !field.read_only
    const taken = isPassed ? takenBy(name) : undefined
    if (taken !== undefined) {
      refuse(report, 'EOS114', place, `field \`${spelling}\` becomes \`${name}\`, which is ${taken}`, 'a name that a function of Salt can take', "give it another name, and the server's own in `wire.rename`")
      continue
    }
    fields[name] = field
    const pointer = pointerTo(root, name)
    places.remember(pointer, placeOf(report, member), place)
    places.remember(pointerTo(pointer, 'default'), placeOf(report, member.getTypeNode() ?? member))
  }
  return { fields, written }
}

function readField(report: Report, member: PropertySignature, written: string): Field | RoleField | undefined {
  const doc = documentation(member)
  const type = member.getTypeNode()
  if (doc === undefined) refuse(report, 'EOS106', placeOf(report, member.getNameNode()), `field \`${written}\` is not documented`, 'a JSDoc sentence directly above it', 'say what it is for, with its unit')
  if (!type) {
    refuse(report, 'EOS110', placeOf(report, member), `field \`${written}\` has no type`, 'a type of the grammar', 'write one')
    return undefined
  }
  const roles = rolesOf(report, type)
  if (roles) return roles.length === 0 ? undefined : { doc: doc ?? '', roles }
  const words: Words = {}
  const bare = peel(report, type, words)
  if (!bare) return undefined
  const schema: Schema | undefined = words.secret === undefined ? readType(report, bare) : { type: 'string' }
  if (!schema) return undefined
  const value = words.default === undefined ? {} : { default: convertBySchema(words.default, schema) }
  const { default: _, ...flags } = words
  const optional = member.hasQuestionToken() || words.default !== undefined || words.secret !== undefined
  return { doc: doc ?? '', schema, ...value, optional, ...flags }
}

/** Takes the words off a type, outermost first, and gives what they wrap. */
function peel(report: Report, type: TypeNode, words: Words): TypeNode | undefined {
  if (!Node.isTypeReference(type)) return type
  const word = type.getTypeName().getText()
  const [first, second] = type.getTypeArguments()
  if (word === 'Key' || word === 'Immutable' || word === 'ReadOnly') {
    if (!first) return misuse(report, type, word, `\`${word}<T>\``)
    words[word === 'Key' ? 'key' : word === 'Immutable' ? 'immutable' : 'read_only'] = true
    return peel(report, first, words)
  }
  if (word === 'Default') {
    if (!first || !second) return misuse(report, type, word, '`Default<T, value>`')
    const value = jsonOfType(second)
    if (value === undefined) refuse(report, 'EOS113', placeOf(report, second), `default \`${second.getText()}\` is not a literal`, 'a string, number, boolean, null, list or object written as a type', 'write the value itself')
    else words.default = value
    return peel(report, first, words)
  }
  if (word === 'Secret') {
    const form = first && jsonOfType(first)
    if (typeof form !== 'string' || !SECRET_FORMS.includes(form)) return misuse(report, type, word, `one of ${SECRET_FORMS.map((known) => `\`Secret<'${known}'>\``).join(', ')}`)
    words.secret = form
  }
  return type
}

function rolesOf(report: Report, type: TypeNode): string[] | undefined {
  if (!Node.isTypeReference(type) || type.getTypeName().getText() !== 'Roles') return undefined
  const [first] = type.getTypeArguments()
  const parts = first && Node.isUnionTypeNode(first) ? first.getTypeNodes() : first ? [first] : []
  const roles = parts.map((part) => jsonOfType(part))
  const names = roles.filter((role) => typeof role === 'string')
  if (names.length === 0 || names.length < roles.length) return misuse(report, type, 'Roles', "`Roles<'server' | 'client'>`") ?? []
  return names
}

function misuse(report: Report, type: TypeNode, word: string, form: string): undefined {
  refuse(report, 'EOS112', placeOf(report, type), `word \`${word}\` is used wrongly`, form, 'compare it with the words in src/schema/index.ts')
}
