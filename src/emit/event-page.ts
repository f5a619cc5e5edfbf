import { PARTS, schemaOf, schemasOf } from '../contract/schema-parts.ts'
import type { EventContract, Json, Schema, VerbSpec } from '../contract/types.ts'
import type { PageView } from './docs-view.ts'
import { exampleOf } from './event-example.ts'
import { ENVELOPE, INTRODUCTION, SEVERITIES } from './event-words.ts'
import { markdownHeader } from './header.ts'
import { typePhrase } from './phrase.ts'
import { filled } from './says.ts'

/** The page of all events: what a person needs who was woken by one. */
export function eventsPage(events: readonly EventContract[]): PageView {
  return {
    header: markdownHeader('src/events'),
    title: 'Events',
    doc: INTRODUCTION,
    sections: [
      { title: 'By severity', text: table(['severity', 'what it asks of you', 'events'], Object.entries(SEVERITIES).map(([severity, asks]) => [severity, asks, verbLinks(events, severity)])) },
      { title: 'Tags', text: `${table(['event', 'tag', 'glob for all of it', 'what it is about'], events.map(({ event, doc, spec }) => [`[\`${event}\`](#${anchor(event)})`, `\`${withVerbs(spec)}\``, `\`${glob(spec.tag)}\``, doc]))}\n\nA glob for one verb is \`${glob(events[0]?.spec.tag ?? '', Object.keys(events[0]?.spec.verbs ?? {})[0])}\`. Whatever stands outside \`A-Z a-z 0-9 _ . -\` in a segment is percent-encoded; a partition or namespace other than \`default\` is appended to the first segment of the subject as \`@name\`.` },
      { title: 'Every envelope', text: table(['key', 'meaning'], Object.entries(ENVELOPE).map(([key, meaning]) => [`\`${key}\``, meaning])) },
      ...events.map((event) => ({ title: event.event, text: eventText(event) })),
    ],
  }
}

/** The part of the page that belongs to one event. */
function eventText(event: EventContract): string {
  const { doc, spec, payload } = event
  const verbs = Object.entries(spec.verbs)
  const fields = PARTS.flatMap((part) => Object.entries(schemasOf(schemaOf(payload, part))).map(([name, schema]) => [`\`${part}.${name}\``, typePhrase(schema), description(schema)]))
  const summary = verbs.map(([name, verb]) => [`[\`${name}\`](#${anchor(`${event.event} ${name}`)})`, verb.severity, verb.raised])
  return [doc, `Tag \`${spec.tag}\`, all of it \`${glob(spec.tag)}\`.`, table(['verb', 'severity', 'raised when'], summary), table(['field', 'type', 'meaning'], fields), ...verbs.map(([name, verb]) => verbText(event, name, verb))].join('\n\n')
}

function verbText(event: EventContract, name: string, verb: VerbSpec): string {
  const { id, tag, envelope } = exampleOf(event, name, verb)
  const line = filled(verb.says, verb.example)
  const facts = [
    ['raised when', verb.raised],
    ['severity', verb.severity],
    ...(verb.advice === undefined ? [] : [['what to do', filled(verb.advice, verb.example, true)]]),
    ['settles', verb.settle === undefined ? 'at once' : `after ${verb.settle}; until then it is told with \`settled: false\` and \`:unsettled\` behind its id`],
    ['id', `\`${verb.id.replaceAll('{verb}', name)}\`, here \`${id}\``],
    ['tag', `\`${tag}\``],
  ]
  return [`### ${event.event} ${name}`, `> ${cell(line)}`, table(['', ''], facts), `\`\`\`json\n${envelope}\n\`\`\``].join('\n\n')
}

function verbLinks(events: readonly EventContract[], severity: string): string {
  return events.flatMap(({ event, spec }) => Object.entries(spec.verbs).flatMap(([name, verb]) => (verb.severity === severity ? [`[${event} ${name}](#${anchor(`${event} ${name}`)})`] : []))).join(', ')
}

/** The tag with the closed set in the place of `{verb}`. */
function withVerbs({ tag, verbs }: EventContract['spec']): string {
  return tag.replace('{verb}', `{${Object.keys(verbs).join(',')}}`).replaceAll(/\{(subject\.[a-z0-9_]+)\}/g, '<$1>')
}

/** What a reactor subscribes to; `*` of Salt's globs crosses slashes. */
function glob(tag: string, verb?: string): string {
  return `${tag.slice(0, tag.indexOf('{verb}'))}${verb === undefined ? '' : `${verb}/`}*`
}

/** The anchor that a heading gets. */
function anchor(heading: string): string {
  return heading.toLowerCase().replaceAll(/[^a-z0-9_ -]/g, '').replaceAll(' ', '-')
}

function description({ description: text }: Schema): string {
  return typeof text === 'string' ? text : ''
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

function cell(text: Json): string {
  return String(text).replaceAll('|', '\\|').replaceAll('\n', ' ')
}
