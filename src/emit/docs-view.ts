import { isRole, type ComponentContract, type Condition, type Field, type ProbeSpec, type ResourceContract } from '../contract/types.ts'
import { markdownHeader } from './header.ts'
import { HEAL, healRows } from './heal-settings.ts'
import { nested, plainFields, table, textOf } from './markdown.ts'
import { typePhrase, shown } from './phrase.ts'
import { OBJECTS, objectsTable } from './pillar-objects.ts'
import { rolesOf } from './pillar-schema.ts'

/** A table of a page: its head and rows are finished Markdown. */
interface Table {
  readonly title: string
  readonly text: string
}

/** A page: finished Markdown in sections. */
export interface PageView {
  readonly header: string
  readonly title: string
  readonly doc: string
  readonly sections: readonly Table[]
}

/** The page of a component. */
export function componentPage(component: ComponentContract): PageView {
  const { spec } = component
  return {
    header: markdownHeader(component.source),
    title: component.name,
    doc: component.doc,
    sections: [
      { title: 'Where', text: facts(component) },
      ...section('Pillar', pillarTable(component)),
      ...section('Ports', portTable(component)),
      { title: 'Memory', text: table(['when', 'floor', 'want', 'burst'], spec.memory.map(({ when, floor, want, burst }) => [whenText(when), floor, want, burst])) },
      ...section('Files', table(['file', 'when', 'on change'], (spec.files ?? []).map(({ path, when, reload }) => [`\`${path}\``, whenText(when), reload ?? 'nothing']))),
      ...section('States', table(['state', 'function', 'when'], [...(spec.prepare ?? []), ...(spec.converge ?? [])].map(({ id, run, when }) => [id, `\`${run}\``, whenText(when)]))),
      { title: 'Gate', text: `Must pass within ${spec.gate.within}${successes(component)}.\n\n${table(['observation', 'when', 'if not, the likely cause'], spec.gate.probes.map((probe) => [probeText(probe), whenText(probe.when), probe.why]))}` },
      ...section('Secrets', secretTable(component)),
      ...section('Backup', backupText(component)),
    ],
  }
}

/** The pillar reference. */
export function pillarPage(components: readonly ComponentContract[], resources: readonly ResourceContract[]): PageView {
  const once = components.filter(({ spec }) => spec.each === undefined)
  const each = components.filter(({ spec }) => spec.each !== undefined)
  const roles = components.filter((component) => rolesOf(component).length > 0).map((component) => [`\`${component.name}\``, rolesOf(component).map((role) => `\`${role}\``).join(', '), component.doc])
  const nodeRows = [['`address`', 'Address at which the other nodes reach it. Text.'], ['`memory`', 'Memory of the machine. Size such as `8GiB`.'], ['`cpus`', 'Processors of the machine. Number.'], ['`roles`', 'What it does: lists of roles by component.']]
  return {
    header: markdownHeader('src/components'),
    title: 'Pillar reference',
    doc: 'Everything below the key `eos`. An unknown key, a wrong type and an unknown role are refused before any host is touched, with path, expected and found. Secrets are no part of it: Eos makes them.',
    sections: [
      { title: '`eos:stack`', text: table(['key', 'meaning'], [['`name`', 'Name of the stack. Text; required.'], ['`domain`', 'Domain below which everything has its name. Text; required.']]) },
      { title: '`eos:topology:<minion id>`', text: table(['key', 'meaning'], nodeRows) },
      ...section('`eos:topology:<minion id>:roles`', table(['component', 'roles', 'what it is'], roles)),
      { title: '`eos:heal`', text: `${textOf(HEAL['description'])}\n\n${table(['key', 'type', 'default', 'meaning'], healRows())}` },
      ...once.flatMap((component) => section(`\`eos:${component.name}\``, pillarTable(component))),
      ...each.flatMap((component) => section('`eos:apps:<name>`', pillarTable(component))),
      ...(resources.length > 0 ? [{ title: '`eos:objects:<resource>:<id>`', text: `${OBJECTS}\n\n${objectsTable(resources)}` }] : []),
    ],
  }
}

function section(title: string, text: string): Table[] {
  return text === '' ? [] : [{ title, text }]
}

function facts(component: ComponentContract): string {
  const { spec } = component
  const roles = rolesOf(component)
  const where = spec.on === 'nomad' ? 'in Nomad, applied from the nodes with role `terraform: runner`' : roles.length > 0 ? `on nodes with one of its roles: ${roles.map((role) => `\`${role}\``).join(', ')}` : 'on every node'
  const lines = [
    `Runs ${where}${spec.each === undefined ? '' : ', once for each entry of `eos:apps`'}.`,
    `Needs ${spec.needs.length > 0 ? spec.needs.map((need) => `[${need}](${need}.md)`).join(', ') : 'nothing'}. Class \`${spec.class}\`.`,
    ...(spec.packages ? [`Packages: ${spec.packages.map((name) => `\`${name}\``).join(', ')}.`] : []),
    ...(spec.unit === undefined ? [] : [`Unit: \`${spec.unit}\`${spec.user === undefined ? '' : `, run by \`${spec.user}\``}.`]),
    ...(spec.storage ? [`Storage: ${Object.entries(spec.storage).map(([path, kind]) => `\`${path}\` (${kind})`).join(', ')}.`] : []),
  ]
  return lines.join('\n')
}

function pillarTable(component: ComponentContract): string {
  const rows = plainFields(component.fields).filter(([, field]) => field.secret === undefined && !field.read_only && !(component.spec.each !== undefined && field.key))
  return table(['key', 'type', 'default', 'meaning'], rows.flatMap(([name, field]) => [[`\`${name}\``, typePhrase(field.schema), defaultText(field), field.doc], ...nested(name, field.schema)]))
}

function defaultText(field: Field): string {
  if (field.default !== undefined) return `\`${shown(field.default)}\``
  return field.optional ? '' : 'required'
}

function portTable({ fields, spec }: ComponentContract): string {
  return table(['port', 'default', 'reachable from'], Object.entries(spec.ports ?? {}).map(([name, scope]) => {
    const field = fields[name]
    return [`\`${name}\``, field && !isRole(field) && field.default !== undefined ? String(shown(field.default)) : '', scope]
  }))
}

function secretTable({ fields }: ComponentContract): string {
  const secrets = plainFields(fields).filter(([, field]) => field.secret !== undefined)
  return table(['secret', 'form', 'what it is for'], secrets.map(([name, field]) => [`\`${name}\``, field.secret ?? '', field.doc]))
}

function backupText({ spec }: ComponentContract): string {
  if (spec.backup === undefined) return ''
  return spec.backup === 'nothing-to-keep' ? 'Nothing to keep.' : `By \`${spec.backup.hook}\`, every ${spec.backup.every}.`
}

function successes({ spec }: ComponentContract): string {
  return spec.gate.successes === undefined ? '' : `; after a change ${spec.gate.successes} times in a row${spec.gate.apart === undefined ? '' : `, ${spec.gate.apart} apart`}`
}

function whenText(when: Condition | undefined): string {
  return when === undefined ? 'always' : Object.entries(when).map(([field, value]) => `${field} is \`${String(value)}\``).join(' and ')
}

function probeText(probe: ProbeSpec): string {
  const what = probe.by === 'http' ? `\`GET ${probe.get ?? ''}\` on ${probe.port ?? ''}` : probe.by === 'command' ? `\`${(probe.run ?? []).join(' ')}\`` : probe.by === 'tcp' ? `connects to ${probe.port ?? ''}` : `hook \`${probe.hook ?? ''}\``
  const field = probe.field === undefined ? '' : `, \`${probe.field}\``
  if (probe.is !== undefined) return `${what}${field} is \`${JSON.stringify(probe.is)}\``
  if (probe.is_not !== undefined) return `${what}${field} is not \`${JSON.stringify(probe.is_not)}\``
  if (probe.at_least !== undefined) return `${what}${field} is at least ${probe.at_least}`
  return what + field
}
