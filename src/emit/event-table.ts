import { digest } from '../contract/digest.ts'
import type { EventContract, Json } from '../contract/types.ts'
import { seconds } from './seconds.ts'
import { header } from './header.ts'
import { code, fromJson, py, type Python } from './python.ts'

/** The events as the sidecar reads them: tag, verbs and the schema that a payload must fit, by event. */
export function eventTable(events: readonly EventContract[]): { readonly [event: string]: Json } {
  return Object.fromEntries(events.map((one) => [one.event, { tag: one.spec.tag, digest: digestOf(one), verbs: verbsOf(one.spec.verbs, (verb) => ({ id: verb.id })), schema: withoutDocs(one.payload) }]))
}

/**
 * Names what two sides must agree upon for a fact of this event to pass: its payload, its verbs and their severities. Words and
 * ids may differ.
 */
function digestOf({ payload, spec }: EventContract): string {
  const severities = Object.entries(spec.verbs).map(([verb, { severity }]) => [verb, severity])
  return digest([withoutDocs(payload), severities])
}

/** What the template of Salt's table prints. */
export interface EventTableView {
  readonly header: string
  readonly modules: readonly string[]
  readonly checks: string
  readonly table: string
}

/** The events as Salt reads them: what checks each, its tag, and the words for an operator. */
export function eventTableView(events: readonly EventContract[]): EventTableView {
  const checks: Python = { pairs: events.map(({ event, name }) => [event, code(`${name}.problem`)]) }
  const table = Object.fromEntries(events.map((one) => [one.event, { tag: one.spec.tag, digest: digestOf(one), verbs: verbsOf(one.spec.verbs, ({ advice }) => (advice === undefined ? {} : { advice })) }]))
  return { header: header('src/events'), modules: events.map(({ name }) => name), checks: py(checks, 0, 60, 1), table: py(fromJson(table), 0, 40, 4) }
}

function verbsOf(verbs: EventContract['spec']['verbs'], more: (verb: EventContract['spec']['verbs'][string]) => { readonly [key: string]: Json }): { readonly [verb: string]: Json } {
  return Object.fromEntries(Object.entries(verbs).map(([name, verb]) => [name, { severity: verb.severity, says: verb.says, settle_seconds: verb.settle === undefined ? 0 : seconds(verb.settle), ...more(verb) }]))
}

/** The same schema without its prose. */
function withoutDocs(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutDocs)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).flatMap(([key, inner]) => (key === 'description' && typeof inner === 'string' ? [] : [[key, withoutDocs(inner)]])))
}
