import { isRole, SALT_SETTINGS, type BeaconContract, type Field, type Json, type Schema } from '../contract/types.ts'
import type { PageView } from './docs-view.ts'
import { header, markdownHeader } from './header.ts'
import { typePhrase, shown } from './phrase.ts'
import { fromJson, py } from './python.ts'
import { saltYaml } from './salt-yaml.ts'
import { seconds } from './seconds.ts'

/** What the template of a beacon's configuration prints; every text is finished Python. */
export interface BeaconView {
  readonly header: string
  readonly module: string
  readonly schema: string
  readonly defaults: string
}

/** Of what Salt itself reads only the interval is checked: the rest is taken out before. */
const INTERVAL: Schema = { type: 'number', minimum: 0 }

/** The rules of a beacon's configuration, which Salt asks before it starts the beacon. */
export function beaconView(beacon: BeaconContract): BeaconView {
  const fields = fieldsOf(beacon)
  const properties = { interval: INTERVAL, ...Object.fromEntries(fields.map(([name, field]) => [name, bounded(beacon, name, field)])) }
  const schema: Schema = { type: 'object', properties, additionalProperties: false }
  return {
    header: header(beacon.source),
    module: beacon.spec.module,
    schema: py(fromJson(schema), 0, 9, 2),
    defaults: py(fromJson(defaultsOf(beacon)), 0, 11, 1),
  }
}

/** The minion's drop-in: the beacon with every default written out. */
export function beaconDropIn(beacon: BeaconContract): string {
  const settings = Object.entries(defaultsOf(beacon)).map(([name, value]) => ({ [name]: value }))
  return header(beacon.source) + saltYaml({ beacons: { [beacon.spec.module]: settings } }, 0)
}

/** The page of a beacon. */
export function beaconPage(beacon: BeaconContract): PageView {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const rows = fieldsOf(beacon).map(([name, field]) => {
    const bounds = beacon.spec.bounds?.[name]
    return row([`\`${name}\``, typePhrase(field.schema) + (bounds ? ` from ${bounds[0]} to ${bounds[1]}` : ''), field.default === undefined ? '' : `\`${shown(field.default)}\``, field.doc])
  })
  const words = SALT_SETTINGS.filter((name) => name !== 'interval').map((name) => `\`${name}\``).join(', ')
  return {
    header: markdownHeader(beacon.source),
    title: beacon.spec.module,
    doc: `${beacon.doc}\n\nA minion runs it every ${beacon.spec.interval}; \`saltext-eos configure-minion\` writes its drop-in. A key that is unknown or out of bounds is refused with its name, and the beacon does not run.`,
    sections: [
      { title: 'Configuration', text: [row(['key', 'type', 'default', 'meaning']), row(['---', '---', '---', '---']), row(['`interval`', 'number', `\`${seconds(beacon.spec.interval)}\``, `Seconds between two passes. Salt's own ${words} may stand beside it.`]), ...rows].join('\n') },
      { title: 'Drop-in', text: `\`\`\`yaml\n${beaconDropIn(beacon).trimEnd()}\n\`\`\`` },
      { title: 'Raises', text: beacon.spec.raises.map((event) => `- [\`${event}\`](../events.md#${event.replaceAll('/', '')})`).join('\n') },
    ],
  }
}

function fieldsOf({ fields }: BeaconContract): [string, Field][] {
  return Object.entries(fields).flatMap(([name, field]) => (isRole(field) ? [] : [[name, field]]))
}

function bounded({ spec }: BeaconContract, name: string, { schema }: Field): Schema {
  const bounds = spec.bounds?.[name]
  return bounds ? { ...schema, minimum: bounds[0], maximum: bounds[1] } : schema
}

function defaultsOf(beacon: BeaconContract): { readonly [name: string]: Json } {
  const defaults = fieldsOf(beacon).flatMap(([name, field]): [string, Json][] => (field.default === undefined ? [] : [[name, field.default]]))
  return { interval: seconds(beacon.spec.interval), ...Object.fromEntries(defaults) }
}
