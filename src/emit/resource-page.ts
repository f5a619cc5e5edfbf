import { isJsonObject } from '../contract/json.ts'
import { spotOf } from '../contract/spots.ts'
import type { Field, JsonObject, ResourceContract, ResourceSpec, Schema } from '../contract/types.ts'
import type { PageView } from './docs-view.ts'
import { markdownHeader } from './header.ts'
import { nested, plainFields, table } from './markdown.ts'
import { fieldPhrase } from './phrase.ts'
import { pillarSection } from './pillar-objects.ts'
import { saltYaml } from './salt-yaml.ts'
import { titleOf } from './title.ts'

/** The page of a resource. */
export function resourcePage(resource: ResourceContract): PageView {
  const { spec } = resource
  const calls = [['list', spec.find.list], ['read', spec.find.read], ['create', spec.create], ['update', spec.update], ...(spec.delete === 'never' ? [] : [['delete', spec.delete]])].flatMap(([verb, call]) => (call === undefined ? [] : [[verb ?? '', `\`${call}\``]]))
  const given = (spec.given ?? []).map(({ run, with: values }) => sample(run, values))
  const examples = Object.entries(spec.examples).map(([name, values]) => `\`${name}\`:\n\n${block([sample(`${resource.name}.present`, values)])}`)
  return {
    header: markdownHeader(resource.source),
    title: titleOf(resource),
    doc: `${resource.doc}\n\n${functionsOf(resource)}`,
    sections: [
      { title: 'Fields', text: [table(['field', 'meaning', 'compared'], plainFields(resource.fields).flatMap(([name, field]) => [[`\`${name}\``, `${field.doc} ${fieldPhrase(field)}${duty(name, field)}`, compared(spec, name)], ...innerRows(resource, name, field.schema)])), ...notes(resource)].join('\n\n') },
      { title: 'Calls', text: table(['', 'call'], calls) },
      ...(given.length === 0 ? [] : [{ title: 'Before', text: `The examples need:\n\n${block(given)}` }]),
      { title: 'Examples', text: examples.join('\n\n') },
      { title: 'Pillar', text: pillarSection(resource) },
    ],
  }
}

function functionsOf({ name, spec, fields }: ResourceContract): string {
  const isLasting = spec.delete === 'never'
  const states = isLasting ? `State \`${name}.present\`; it cannot be deleted` : `States \`${name}.present\` and \`${name}.absent\``
  const functions = [`${name}.get`, ...(spec.find.list === undefined ? [] : ['list']), 'create', 'update', ...(isLasting ? [] : ['delete'])]
  const keys = plainFields(fields).filter(([, field]) => field.key).map(([key]) => `\`${key}\``).join(', ')
  const byKey = isLasting ? '`get` takes' : '`get` and `delete` take'
  const nothing = spec.find.list === undefined ? '' : '; `list` takes nothing'
  return `${states}; functions ${functions.map((one) => `\`${one}\``).join(', ')}.\n\n${byKey} ${keys}; \`create\` and \`update\` take all fields that are not only shown, and \`update\` leaves alone what is left out${nothing}.`
}

/** What is asked for must be told from what is only shown: neither has a default. */
function duty(name: string, field: Field): string {
  if (field.read_only) return ' Only shown: the server says it.'
  if (field.optional) return ''
  return name === 'name' ? ' Required; in a state and in the pillar the id where it is left out.' : ' Required.'
}

function innerRows(resource: ResourceContract, name: string, schema: Schema): string[][] {
  return nested(name, held(schema)).map(([path = '', type = '', must = '', doc = '']) => {
    const spot = path.replaceAll('`', '').replaceAll(':', '.')
    const value = spotOf(resource.fields, spot)?.['default']
    const words = [type, ...(must === '' ? [] : [must]), ...(value === undefined ? [] : [`default \`${JSON.stringify(value)}\``])].join('; ')
    return [path, `${doc} ${words.charAt(0).toUpperCase()}${words.slice(1)}.`.trim(), compared(resource.spec, spot)]
  })
}

/** The object inside a list or a map: its keys are the ones to describe. */
function held(schema: Schema): Schema {
  const { items, additionalProperties: values, properties } = schema
  if (schema['x-form'] !== undefined) return {}
  if (isJsonObject(items)) return held(items)
  return !isJsonObject(properties) && isJsonObject(values) ? held(values) : schema
}

function compared(spec: ResourceSpec, spot: string): string {
  const rule = spec.diff?.[spot] ?? 'exact'
  return typeof rule === 'string' ? rule : `as a set, by \`${rule.by}\``
}

function notes({ spec, fields }: ResourceContract): string[] {
  const since = Object.entries(spec.since ?? {}).map(([spot, version]) => `\`${spot}\` needs ${version}: an older server is not sent it, and the state says so.`)
  const either = (spec.exclusive ?? []).map((names) => `At most one of ${names.map((name) => `\`${name}\``).join(', ')} may be set.`)
  const fixed = plainFields(fields).filter(([, field]) => field.immutable).map(([name]) => `\`${name}\``)
  const never = fixed.length === 0 ? [] : [`${fixed.join(', ')} cannot change: the state refuses, and says what to do.`]
  return [...since, ...either, ...never]
}

function sample(run: string, { name: id, ...rest }: JsonObject): JsonObject {
  return { [String(id)]: { [run]: Object.entries(rest).map(([key, value]) => ({ [key]: value })) } }
}

function block(states: readonly JsonObject[]): string {
  return `\`\`\`yaml\n${states.map((state) => saltYaml(state, 80).trimEnd()).join('\n\n')}\n\`\`\``
}
