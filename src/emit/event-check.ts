import { isJsonList, isJsonObject } from '../contract/json.ts'
import { PARTS, schemaOf, schemasOf } from '../contract/schema-parts.ts'
import type { EventContract, Json, Schema } from '../contract/types.ts'
import { header } from './header.ts'
import { flatPython, quote, WIDTH } from './python.ts'

/** What the template of one event's check prints; every text is finished Python. */
export interface EventCheckView {
  readonly header: string
  readonly doc: string
  readonly imports: string
  readonly constants: readonly { readonly name: string; readonly value: string }[]
  readonly body: string
}

/** One `if` of the check. */
interface Refusal {
  readonly path: string
  /** Where the value comes from, as Python. */
  readonly value: string
  /** The condition that refuses it. */
  readonly refused: (first: First) => string
  /** What was expected, as Python. */
  readonly expected: string
}

/** The value where a condition reads it first, which may bind its name: as an operand, and as an argument. */
interface First {
  readonly operand: string
  readonly argument: string
}

/** The plain Python that holds an envelope to the declaration of its event: no schema is walked at run time. */
export function eventCheckView({ source, event, payload }: EventContract): EventCheckView {
  const parts = PARTS.map((part) => ({ part, leaves: Object.entries(schemasOf(schemaOf(payload, part))) }))
  const { enum: verbs } = schemaOf(payload, 'verb')
  const lines = [
    ...refusalLines({ path: 'verb', value: 'envelope.get("verb")', refused: ({ operand }) => `${operand} not in VERBS`, expected: 'one_of(VERBS)' }),
    ...parts.flatMap(({ part, leaves }) => [...partLines(part), ...leaves.flatMap(([leaf, schema]) => refusalLines(leafRefusal(part, leaf, schema)))]),
  ]
  const body = lines.map((line) => `    ${line}\n`).join('')
  const sets = parts.flatMap(({ part, leaves }) => [{ name: part.toUpperCase(), value: keySet(part, leaves.map(([leaf]) => leaf)) }, ...leaves.flatMap(([leaf, schema]) => choices(`${part}.${leaf}`, schema))])
  return { header: header(source), doc: `Hold an envelope of ${event} to its declaration.`, imports: importList(body), constants: [{ name: 'VERBS', value: tuple('VERBS', isJsonList(verbs) ? verbs : []) }, ...sets], body }
}

/** The names that the body takes from the words for misfits, as an import sorts and breaks them. */
function importList(body: string): string {
  const names = ['is_flag', 'is_list_of', 'is_number', 'is_text', 'is_whole', 'keys', 'one_of', 'wrong'].filter((name) => body.includes(`${name}(`) || body.includes(`(${name},`))
  const line = names.join(', ')
  return 'from saltext.eos.utils.misfit import '.length + line.length <= WIDTH ? line : `(\n${names.map((name) => `    ${name},\n`).join('')})`
}

function partLines(part: string): string[] {
  const name = part.toUpperCase()
  return [`${part} = envelope.get(${quote(part)})`, `if not isinstance(${part}, dict) or ${part}.keys() != ${name}:`, `    return keys(${quote(part)}, ${name}, ${part})`]
}

function refusalLines({ path, value, refused, expected }: Refusal): string[] {
  const inline = `if ${refused({ operand: `(value := ${value})`, argument: `value := ${value}` })}:`
  const head = 4 + inline.length <= WIDTH ? [inline] : [`value = ${value}`, `if ${refused({ operand: 'value', argument: 'value' })}:`]
  const end = `    return wrong(${quote(path)}, ${expected}, value)`
  return [...head, ...(4 + end.length <= WIDTH ? [end] : ['    return wrong(', `        ${quote(path)},`, `        ${expected},`, '        value,', '    )'])]
}

function leafRefusal(part: string, leaf: string, schema: Schema): Refusal {
  const path = `${part}.${leaf}`
  const value = `${part}[${quote(leaf)}]`
  const { bare, isNullable } = withoutNull(schema)
  const name = constant(path)
  if (closedSet(bare)) return { path, value, refused: ({ operand }) => `${operand} not in ${name}`, expected: `one_of(${name})` }
  const { claim, words } = claimOf(bare, name)
  if (!isNullable) return { path, value, refused: ({ argument }) => `not ${claim(argument)}`, expected: words }
  return { path, value, refused: ({ operand }) => `${operand} is not None and not ${claim('value')}`, expected: words.endsWith('"') ? words.replace(/"$/, ' or null"') : `${words} + " or null"` }
}

/** The function that holds for a leaf, applied to it, and its words as Python. */
function claimOf(schema: Schema, name: string): { readonly claim: (value: string) => string; readonly words: string } {
  const { type, items } = schema
  if (isJsonObject(items)) {
    if (closedSet(items)) return { claim: (value) => `is_list_of(${name}.__contains__, ${value})`, words: `"a list, each " + one_of(${name})` }
    const { is, words } = KINDS[String(items['type'])] ?? TEXT
    return { claim: (value) => `is_list_of(${is}, ${value})`, words: quote(`a list of ${words}`) }
  }
  const { is, words } = KINDS[String(type)] ?? TEXT
  return { claim: (value) => `${is}(${value})`, words: quote(words) }
}

const TEXT = { is: 'is_text', words: 'text' }
const KINDS: { readonly [type: string]: { readonly is: string; readonly words: string } } = {
  string: TEXT,
  integer: { is: 'is_whole', words: 'a whole number' },
  number: { is: 'is_number', words: 'a number' },
  boolean: { is: 'is_flag', words: 'true or false' },
}

/** The constant of a closed set among the leaves; null belongs to it where it is allowed. */
function choices(path: string, schema: Schema): { readonly name: string; readonly value: string }[] {
  const { bare, isNullable } = withoutNull(schema)
  const { items } = bare
  const values = closedSet(bare) ?? (isJsonObject(items) ? closedSet(items) : undefined)
  const name = constant(path)
  return values ? [{ name, value: tuple(name, isNullable && !isJsonObject(items) ? [...values, null] : values) }] : []
}

function closedSet({ enum: values, const: only }: Schema): readonly Json[] | undefined {
  return only === undefined ? (isJsonList(values) ? values : undefined) : [only]
}

function withoutNull(schema: Schema): { readonly bare: Schema; readonly isNullable: boolean } {
  const { anyOf } = schema
  const bare = isJsonList(anyOf) ? anyOf.filter(isJsonObject).find(({ type }) => type !== 'null') : undefined
  return { bare: bare ?? schema, isNullable: bare !== undefined }
}

function constant(path: string): string {
  return path.toUpperCase().replaceAll('.', '_')
}

/** `("a", "b")` as `ruff format` breaks it behind the name. */
function tuple(name: string, values: readonly Json[]): string {
  const items = values.map((value) => flatPython(typeof value === 'string' ? value : null))
  const line = items.length === 1 ? `(${items.join('')},)` : `(${items.join(', ')})`
  return name.length + 3 + line.length <= WIDTH ? line : `(\n${items.map((item) => `    ${item},\n`).join('')})`
}

/** `frozenset({…})` as `ruff format` breaks it behind the name. */
function keySet(part: string, names: readonly string[]): string {
  if (names.length === 0) return 'frozenset()'
  const flat = `{${names.map(quote).join(', ')}}`
  if (`${part} = frozenset(${flat})`.length <= WIDTH) return `frozenset(${flat})`
  const inner = 4 + flat.length <= WIDTH ? `    ${flat}\n` : `    {\n${names.map((name) => `        ${quote(name)},\n`).join('')}    }\n`
  return `frozenset(\n${inner})`
}
