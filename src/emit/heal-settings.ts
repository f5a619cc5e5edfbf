import { isJsonObject } from '../contract/json.ts'
import { DURATION } from '../contract/measures.ts'
import type { Json, JsonObject, Schema } from '../contract/types.ts'
import { shown, typePhrase } from './phrase.ts'

const MODES = ['observe', 'warn', 'enforce']
const DAY = '(mon|tue|wed|thu|fri|sat|sun)'

/** The JSON Schema of `eos:heal`; `saltext/eos/utils/heal_settings.py` is the judge, and a test holds the two together. */
export const HEAL: Schema = map('Self-healing: what may be done without a person, and within which bounds. Nothing is done anywhere until a mode says `enforce`.', {
  mode: { ...mode('What healing may do where neither a component nor a job says otherwise: `observe` runs the whole pipeline but the act, `warn` also notifies, `enforce` acts.'), default: 'observe' },
  components: named('Modes of components; of two that apply to one thing the more careful one counts.', mode('Mode of this component.')),
  jobs: named('Modes of the Nomad jobs that Eos compiles, by job id.', mode('Mode of this job.')),
  bucket: map('How many acts there may be in the whole stack.', {
    size: count('Acts that may follow each other at once.', 5),
    every: time('Time after which one more act is allowed.', '10m'),
  }),
  debounce: map('How long facts about one thing are collected before they are judged.', {
    least: time('Quiet time that is waited for after the last fact.', '5s'),
    most: time('Longest that is waited since the first fact.', '20s'),
  }),
  attempts: count('Acts on a thing whose input has not changed, before its breaker opens.', 3),
  breaker: map('What follows when the attempts did not help: one probe, ever more seldom.', {
    open: time('Time until the first probe; it doubles with each that does not help.', '1h'),
    most: time('Longest time between two probes.', '12h'),
  }),
  cool_down: map('Pause of one thing after an act.', {
    first: time('First pause; it doubles with each act.', '60s'),
    most: time('Longest pause.', '4h'),
    stable: time('Time of unbroken health after which attempts and pauses are forgotten.', '60m'),
  }),
  blast: map('How much of the stack may be touched.', {
    share: percent('Managed jobs that may be touched within the time, at least one.', 10),
    within: time('The time that this counts in.', '1h'),
  }),
  mass_failure: percent('Unhealthy managed jobs above which nothing acts on a job: the shared cause is the incident.', 40),
  healer_wait: time('Longest that is waited for Nomad and Consul, which heal first by themselves, such as for a deployment.', '10m'),
  decision: map('How long a decision stands.', {
    valid: time('Time within which an orchestration must claim it; after that it is given up, with an alarm.', '2m'),
    refire: count('How often it is fired again while nobody claims it, evenly within that time.', 3),
  }),
  own: time('Time after an act in which a fact about the same thing is taken for its echo.', '60s'),
  view: map('How the truth is read before anything is done.', {
    again: time('Shortest time until it is read again where it did not do; the longer ago the last fact, the longer.', '15s'),
    fresh: time('Age above which it says nothing about now.', '30s'),
    unknown: time('Time after which what nobody knows is given up.', '24h'),
    watch: time('How often a thing that was acted on is looked at until that is forgotten; three times that without a look, and its time of health begins anew.', '60s'),
  }),
  contended: map('When a thing is left to people because another writer undoes what Eos writes.', {
    flips: count('How often the same value may come back within the time.', 2),
    within: time('The time that this counts in.', '1h'),
  }),
  windows: named('Times of the week, in UTC, in which acts are allowed or denied; deny beats allow, and with one that allows nothing acts outside of it.', map('One window.', {
    kind: { enum: ['allow', 'deny'], description: 'Whether acts are allowed or denied in it.' },
    days: { type: 'string', pattern: `^ *${DAY}( *, *${DAY})* *$`, description: 'Days on which it opens, such as `sat,sun`.', default: 'mon,tue,wed,thu,fri,sat,sun' },
    opens: { type: 'string', pattern: '^([01]?[0-9]|2[0-3]):[0-5]?[0-9]$', description: 'When it opens, such as `22:30`.' },
    lasts: { ...DURATION, description: 'How long it stays open.' },
  }, ['kind', 'opens', 'lasts'])),
  primary: { type: 'string', description: 'Of several Salt masters the one that acts while Consul cannot say who holds the lease: the id of the minion beside it.' },
  notify: map('Who is told what the audit of healing says, and how much of it.', {
    severity: severity('What is less grave is not told.'),
    returners: { type: 'array', items: { type: 'string', pattern: '^[a-z][a-z0-9_]{0,63}$' }, description: 'Returners of Salt that are called, such as `slack` or `smtp`, each set up as Salt wants it.', default: [] },
    digest: map('When messages are put together.', {
      most: count('Messages within `every` that are told one by one; more become one message.', 10),
      every: time('The time that this counts in.', '5m'),
    }),
  }),
  webhook: {
    ...map('One address that is told too: a signed POST for each message.', {
      url: { type: 'string', pattern: '^https://', description: 'Where to; https only. The key is sealed with `salt-run eos.webhook_key`.' },
      severity: severity('What is less grave is not told; that of `notify` when left out.'),
      ca: { type: 'string', pattern: '^(/.*)?$', description: 'File on the master with the CA of that address; those of the system when left out.', default: '' },
      within: time('Longest time for one message.', '10s'),
    }, ['url']),
    type: ['object', 'null'],
  },
})

/** Rows of the reference below `eos:heal`: path, type, default and meaning. */
export function healRows(): string[][] {
  return rows('', HEAL)
}

function rows(path: string, schema: Schema): string[][] {
  const { properties, additionalProperties: extra } = schema
  if (isJsonObject(properties)) return Object.entries(properties).flatMap(([name, inner]) => (isJsonObject(inner) ? [row(`${path}${name}`, inner, required(schema, name)), ...rows(`${path}${name}:`, inner)] : []))
  return isJsonObject(extra) && isJsonObject(extra['properties']) ? rows(`${path}<name>:`, extra) : []
}

function row(path: string, schema: Schema, isRequired: boolean): string[] {
  const { default: value, description } = schema
  return [`\`${path}\``, phrase(schema), value === undefined ? (isRequired ? 'required' : '') : `\`${shown(value)}\``, typeof description === 'string' ? description : '']
}

function phrase(schema: Schema): string {
  if (schema['type'] === 'number') return 'percent'
  return schema['additionalProperties'] === true ? 'map' : typePhrase(schema)
}

function required(schema: Schema, name: string): boolean {
  const { required: names } = schema
  return Array.isArray(names) && names.includes(name)
}

function map(description: string, properties: { readonly [name: string]: Json }, needed: readonly string[] = []): JsonObject {
  return { type: 'object', description, properties, ...(needed.length > 0 ? { required: needed } : {}), additionalProperties: false }
}

function named(description: string, one: JsonObject): JsonObject {
  return { type: 'object', description, additionalProperties: one }
}

function mode(description: string): JsonObject {
  return { enum: MODES, description }
}

function severity(description: string): JsonObject {
  return { enum: ['info', 'notice', 'warning', 'critical'], description, default: 'warning' }
}

function time(description: string, usual: string): JsonObject {
  return { ...DURATION, description, default: usual }
}

function count(description: string, usual: number): JsonObject {
  return { type: 'integer', minimum: 1, description, default: usual }
}

function percent(description: string, usual: number): JsonObject {
  return { type: 'number', minimum: 0, maximum: 100, description, default: usual }
}
