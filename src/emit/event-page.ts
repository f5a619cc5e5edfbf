import { isJsonList, isJsonObject } from '../contract/json.ts'
import type { EventContract, JsonObject, VerbSpec } from '../contract/types.ts'
import type { PageView } from './docs-view.ts'
import { markdownHeader } from './header.ts'
import { typePhrase } from './phrase.ts'

const PARTS = ['subject', 'verdict', 'change', 'links'] as const
const INTRODUCTION = `Every fact that reaches Salt, what raises it and what it carries.

    salt-run eos.events                              # the last fifty, one line each
    salt-run eos.events follow=True severity=warning # what happens now
    salt-run eos.events tag='eos/nomad/alloc/*' since=1h --out=json

A fact is committed to the master's inbox before anything else; the tag is for observers on the bus. Its \`id\` is the same however often, by whichever connection and from whichever server it was seen. \`settled: false\` means that the quiet time is not over: a settled fact with the same id, or its recovery, follows. \`seq\` counts without gap within \`epoch\`.`

/** The page of all events: what a person needs who was woken by one. */
export function eventsPage(events: readonly EventContract[]): PageView {
  const rows = events.map(({ event, doc, spec }) => `| [\`${event}\`](#${event.replaceAll('/', '')}) | \`${spec.tag}\` | ${cell(doc)} |`)
  return {
    header: markdownHeader('src/events'),
    title: 'Events',
    doc: INTRODUCTION,
    sections: [
      { title: 'Tags', text: ['| event | tag | what it is about |', '| --- | --- | --- |', ...rows].join('\n') },
      ...events.map((event) => ({ title: event.event, text: sectionOf(event) })),
    ],
  }
}

function sectionOf(event: EventContract): string {
  const { doc, spec, payload } = event
  const verbs = Object.entries(spec.verbs)
  const properties = objectAt(payload, 'properties')
  const table = ['| verb | severity | settles after | raised when |', '| --- | --- | --- | --- |', ...verbs.map(([name, verb]) => `| \`${name}\` | ${verb.severity} | ${verb.settle ?? 'at once'} | ${cell(verb.raised)} |`)]
  const lines = ['| verb | line of `eos.events`, for its example | id |', '| --- | --- | --- |', ...verbs.map(([name, verb]) => `| \`${name}\` | ${cell(sentence(verb))} | \`${verb.id.replaceAll('{verb}', name)}\` |`)]
  const fields = PARTS.flatMap((part) => Object.entries(objectAt(objectAt(properties, part), 'properties')).map(([name, schema]) => fieldRow(`${part}.${name}`, isJsonObject(schema) ? schema : {})))
  const leaves = ['| field | type | meaning |', '| --- | --- | --- |', ...fields]
  const [first] = verbs
  const example = first ? `\nThe payload of \`${first[0]}\`:\n\n\`\`\`json\n${JSON.stringify(first[1].example, null, 2)}\n\`\`\`` : ''
  return [doc, '', `Tag: \`${spec.tag}\``, '', ...table, '', ...lines, '', ...leaves, example].join('\n').trimEnd()
}

function fieldRow(path: string, schema: JsonObject): string {
  const { description } = schema
  return `| \`${path}\` | ${cell(typePhrase(schema))} | ${cell(typeof description === 'string' ? description : '')} |`
}

/** The words of a verb with the leaves of its example in them. */
function sentence({ says, example }: VerbSpec): string {
  return says.replaceAll(/\{([a-z_]+)\.([a-z0-9_]+)\}/g, (_, part: string, name: string) => {
    const value = objectAt(example, part)[name]
    if (value === null || value === undefined || value === '') return '-'
    if (isJsonList(value)) return value.length === 0 ? '-' : value.map(String).join(', ')
    return typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value)
  })
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

function objectAt(value: JsonObject, key: string): JsonObject {
  const found = value[key]
  return isJsonObject(found) ? found : {}
}
