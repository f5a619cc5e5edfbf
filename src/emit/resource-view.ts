import { isRole, type Field, type Json, type JsonObject, type ResourceContract } from '../contract/types.ts'
import { docstring, toRst } from './docstring.ts'
import { fieldPhrase } from './phrase.ts'
import { dict, flatPython, fromJson, py, WIDTH, type Python } from './python.ts'
import { header } from './header.ts'
import { saltYaml } from './salt-yaml.ts'
import { titleOf } from './title.ts'

/** What the Python templates of a resource print; every text is finished Python. */
export interface ResourceView {
  readonly header: string
  readonly name: string
  readonly module: string
  readonly state: string
  readonly spec: string
  readonly functions: readonly FunctionView[]
  readonly present: FunctionView
  /** Nothing where there is no way to delete. */
  readonly absent: FunctionView | null
}

/** One function: its `def` line, its docstring, and what it hands to the kernel. */
export interface FunctionView {
  readonly name: string
  readonly definition: string
  readonly doc: string
  readonly argument: string
  /** The argument as the kernel's call passes it. */
  readonly passes: string
}

interface Parameter {
  readonly name: string
  readonly field: Field
}

/** Prepares a resource for its templates. */
export function resourceView(resource: ResourceContract, spec: string): ResourceView {
  const title = titleOf(resource)
  const settable = settableOf(resource)
  const keys = settable.filter(({ field }) => field.key)
  const example = richest(Object.values(resource.spec.examples))
  const call = (name: string, parameters: readonly Parameter[]): string => cli(`${resource.name}.${name}`, parameters, Object.values(resource.spec.examples))
  const view = (name: string, says: readonly string[], parameters: readonly Parameter[], what: string): FunctionView => functionView(name, [...says, ...parameters.map(parameterDoc), RAISES, call(name, parameters)], parameters, what)
  return {
    header: header(resource.source),
    name: resource.name,
    module: docstring([`Read and write ${plural(title)}.`, toRst(resource.doc)], 0),
    state: docstring([`Manage ${plural(title)}.`, toRst(resource.doc)], 0),
    spec,
    functions: [
      view('get', [`Give one ${title} as a dictionary, or \`\`None\`\` when there is none of that name.`], keys, 'keys'),
      ...(resource.spec.find.list === undefined ? [] : [view('list_', [`List every ${title} as a dictionary.`], [], '')]),
      view('create', [`Create a ${title} and give what was created.`], settable, 'desired'),
      view('update', [`Change a ${title} and give what it has become; what is left out stays as it is.`], settable.map(withoutDefault), 'desired'),
      ...(isLasting(resource) ? [] : [view('delete', [`Delete a ${title}; gives whether there was one.`], keys, 'keys')]),
    ],
    present: functionView('present', [`Ensure that a ${title} exists with these settings.`, yamlExample(resource, 'present', example), ...settable.map(parameterDoc), FAILS], settable, 'desired'),
    absent: isLasting(resource) ? null : functionView('absent', [`Ensure that a ${title} does not exist.`, yamlExample(resource, 'absent', pick(example, keys)), ...keys.map(parameterDoc), FAILS], keys, 'keys'),
  }
}

/** Whether it is there as long as its server is. */
function isLasting(resource: ResourceContract): boolean {
  return resource.spec.delete === 'never'
}

/** The example that shows most. */
function richest(examples: readonly JsonObject[]): JsonObject {
  return examples.reduce((best, next) => (Object.keys(next).length > Object.keys(best).length ? next : best), {})
}

function settableOf(resource: ResourceContract): Parameter[] {
  const fields = Object.entries(resource.fields).flatMap(([name, field]) => (isRole(field) || field.read_only ? [] : [{ name, field }]))
  return [...fields.filter(({ field }) => !field.optional), ...fields.filter(({ field }) => field.optional)]
}

function functionView(name: string, paragraphs: readonly string[], parameters: readonly Parameter[], what: string): FunctionView {
  const pairs = Object.fromEntries(parameters.map((parameter) => [parameter.name, { code: parameter.name }]))
  const argument = what === '' ? '' : `    ${what} = ${py(dict(pairs), 4, what.length + 7)}\n`
  return { name, definition: definition(name, parameters), doc: `    ${docstring(paragraphs, 4)}`, argument, passes: what === '' ? '' : `${what}, ` }
}

function definition(name: string, parameters: readonly Parameter[]): string {
  const texts = parameters.map((parameter) => (parameter.field.optional ? `${parameter.name}=${flatPython(signatureDefault(parameter.field))}` : parameter.name))
  const line = `def ${name}(${texts.join(', ')}):`
  return line.length <= WIDTH ? line : `def ${name}(\n${texts.map((text) => `    ${text},\n`).join('')}):`
}

/** A default that Python may share between calls; lists and maps are filled in from the spec. */
function signatureDefault(field: Field): Python {
  const value = field.default
  return typeof value === 'object' ? null : fromJson(value)
}

/** How `update` takes a field: all but the keys may be left out, and is then left as it is. */
function withoutDefault(parameter: Parameter): Parameter {
  const { name, field } = parameter
  const { default: _, ...rest } = field
  return field.key ? parameter : { name, field: { ...rest, optional: true } }
}

function parameterDoc({ name, field }: Parameter): string {
  const text = toRst(`${field.doc.replaceAll('\n\n', ' ')} ${fieldPhrase(field)}`)
  return `${name}\n${indented(text)}`
}

/** A definition body, broken so that it stays inside the line. */
function indented(text: string): string {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= WIDTH - 8) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines.map((line) => `    ${line}`).join('\n')
}

/** How a function fails. */
const RAISES = 'Raises ``CommandExecutionError`` when a value is wrong, or the server is out of reach, sealed or refuses.'
/** How a state fails. */
const FAILS = 'A failure is a result ``False``, whose comment says what was expected and found; what was changed before it stands in the changes.'

/** The example call that shows most and still fits on a line. */
function cli(name: string, parameters: readonly Parameter[], examples: readonly JsonObject[]): string {
  const calls = examples.map((example) => cliCall(name, parameters, example)).sort((one, other) => other.length - one.length)
  const call = calls.find((line) => line.length <= WIDTH - 8) ?? calls.at(-1) ?? ''
  return `CLI Example:\n\n.. code-block:: bash\n\n    ${call}`
}

function cliCall(name: string, parameters: readonly Parameter[], example: JsonObject): string {
  const words = parameters.flatMap(({ name: parameter, field }) => {
    const value = example[parameter]
    if (value === undefined) return []
    return field.optional ? [`${parameter}=${shell(value)}`] : [shell(value)]
  })
  return `salt '*' ${[name.replace(/list_$/, 'list'), ...words].join(' ')}`
}

function shell(value: Json): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return /^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}

function yamlExample(resource: ResourceContract, name: string, example: JsonObject): string {
  const { name: id, ...rest } = example
  const body = Object.keys(rest).length === 0 ? [] : Object.entries(rest).map(([key, value]) => ({ [key]: value }))
  const text = saltYaml({ [String(id)]: { [`${resource.name}.${name}`]: body } }, 80)
  return `.. code-block:: yaml\n\n${text.trimEnd().split('\n').map((line) => `    ${line}`).join('\n')}`
}

function pick(example: JsonObject, parameters: readonly Parameter[]): JsonObject {
  return Object.fromEntries(parameters.flatMap(({ name }) => (example[name] === undefined ? [] : [[name, example[name]]])))
}

function plural(title: string): string {
  if (title.endsWith('sh')) return `${title}es`
  if (title.endsWith('s')) return title
  return /[^aeiou]y$/.test(title) ? `${title.slice(0, -1)}ies` : `${title}s`
}

