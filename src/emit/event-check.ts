import { isJsonList, isJsonObject } from '../contract/json.ts'
import type { EventContract, Json, JsonObject, Schema } from '../contract/types.ts'
import { header } from './header.ts'
import { quote, WIDTH } from './python.ts'

/** What the template of one event's check prints; every text is finished Python. */
export interface EventCheckView {
  readonly header: string
  readonly doc: string
  readonly imports: string
  readonly verbs: string
  readonly parts: readonly { readonly name: string; readonly keys: string }[]
  readonly body: string
}

const PARTS = ['subject', 'verdict', 'change', 'links'] as const

/** The plain Python that holds an envelope to the declaration of its event: no schema is walked at run time. */
export function eventCheckView({ source, event, payload }: EventContract): EventCheckView {
  const properties = objectAt(payload, 'properties')
  const parts = PARTS.map((part) => ({ part, fields: objectAt(objectAt(properties, part), 'properties') }))
  const verbs = objectAt(properties, 'verb')['enum']
  const head = ['verb = envelope.get("verb")', 'if not isinstance(verb, str) or verb not in VERBS:', '    return wrong("verb", one_of(VERBS), verb)']
  const body = parts.flatMap(({ part, fields }) => partLines(part, fields))
  return {
    header: header(source),
    doc: `Hold an envelope of ${event} to its declaration.`,
    imports: 'keys, one_of, wrong',
    verbs: frozenset(isJsonList(verbs) ? verbs : [], 'VERBS = '.length),
    parts: parts.flatMap(({ part, fields }) => [
      { name: part.toUpperCase(), keys: frozenset(Object.keys(fields), `${part} = `.length) },
      ...Object.entries(fields).flatMap(([field, schema]) => choices(`${part}.${field}`, isJsonObject(schema) ? schema : {})),
    ]),
    body: [...head, ...body].map((line) => `    ${line}\n`).join(''),
  }
}

/** `frozenset({…})` as `ruff format` breaks it. */
function frozenset(items: readonly Json[], column: number): string {
  const names = items.flatMap((item) => (typeof item === 'string' ? [quote(item)] : []))
  if (names.length === 0) return 'frozenset()'
  const flat = `{${names.join(', ')}}`
  if (column + flat.length + 'frozenset()'.length <= WIDTH) return `frozenset(${flat})`
  if (4 + flat.length <= WIDTH) return `frozenset(\n    ${flat}\n)`
  return `frozenset(\n    {\n${names.map((name) => `        ${name},\n`).join('')}    }\n)`
}

function partLines(part: string, fields: JsonObject): string[] {
  const name = part.toUpperCase()
  const open = [`${part} = envelope.get("${part}")`, `if not isinstance(${part}, dict) or ${part}.keys() != ${name}:`, `    return keys("${part}", ${name}, ${part})`]
  const leaves = Object.entries(fields).flatMap(([field, schema]) => leafLines(`${part}.${field}`, `${part}["${field}"]`, isJsonObject(schema) ? schema : {}))
  return [...open, ...leaves]
}

function leafLines(path: string, value: string, schema: Schema): string[] {
  const items = itemsOf(schema)
  const lines = [`value = ${value}`, `if ${refused('value', path, schema)}:`, `    return wrong(${quote(path)}, ${expectation(path, schema)}, value)`]
  if (!items) return lines
  const list = isNullable(schema) ? 'value or ()' : 'value'
  return [...lines, `for item in ${list}:`, `    if ${refused('item', path, items)}:`, `        return wrong(${quote(`${path}[]`)}, ${expectation(path, items)}, item)`]
}

/** The condition that refuses a value. */
function refused(value: string, path: string, schema: Schema): string {
  const { type, enum: values, const: only } = bare(schema)
  const nothing = isNullable(schema) ? `${value} is not None and ` : ''
  if (only !== undefined) return `${nothing}${value} != ${quote(String(only))}`
  if (isJsonList(values)) return `${nothing}(type(${value}) is not str or ${value} not in ${constant(path)})`.replace(/^\((.*)\)$/, '$1')
  if (type === 'number') return `${nothing}type(${value}) not in (int, float)`
  return `${nothing}type(${value}) is not ${{ integer: 'int', boolean: 'bool', array: 'list' }[String(type)] ?? 'str'}`
}

/** What was expected, as a Python expression. */
function expectation(path: string, schema: Schema): string {
  const { type, enum: values, const: only, items } = bare(schema)
  const nothing = isNullable(schema) ? ' or null' : ''
  if (isJsonList(values)) return nothing === '' ? `one_of(${constant(path)})` : `one_of(${constant(path)}) + "${nothing}"`
  const words = only !== undefined ? String(only) : type === 'array' ? `a list` : (KINDS[String(type)] ?? 'a value')
  return quote(words + nothing)
}

const KINDS: { readonly [type: string]: string } = { string: 'text', integer: 'a whole number', number: 'a number', boolean: 'true or false' }

/** Every closed set among the leaves, as the constant that holds it. */
function choices(path: string, schema: Schema): { readonly name: string; readonly keys: string }[] {
  const items = itemsOf(schema)
  const { enum: values } = bare(items ?? schema)
  const name = constant(path)
  return isJsonList(values) ? [{ name, keys: frozenset(values, name.length + 3) }] : []
}

function constant(path: string): string {
  return path.toUpperCase().replaceAll('.', '_')
}

function isNullable({ anyOf }: Schema): boolean {
  return isJsonList(anyOf) && anyOf.some((branch) => isJsonObject(branch) && branch['type'] === 'null')
}

/** The schema without its null. */
function bare(schema: Schema): Schema {
  const { anyOf } = schema
  return (isJsonList(anyOf) ? anyOf.filter(isJsonObject).find((branch) => branch['type'] !== 'null') : undefined) ?? schema
}

function itemsOf(schema: Schema): Schema | undefined {
  const { items } = bare(schema)
  return isJsonObject(items) ? items : undefined
}

function objectAt(value: JsonObject, key: string): JsonObject {
  const found = value[key]
  return isJsonObject(found) ? found : {}
}
