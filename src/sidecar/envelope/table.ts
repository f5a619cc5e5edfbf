import { readFileSync } from 'node:fs'
import type { Json, JsonObject } from '../fact.ts'
import { messageOf, Refusal } from '../refusal.ts'
import { isObject, patternOf, type Pattern } from './text.ts'
import { checkOf, type Check } from './validate.ts'

/** What the contract says about one verb of an event. */
export interface VerbRules {
  readonly severity: string
  readonly id: Pattern
}

/** What the contract says about one event. */
export interface EventRules {
  readonly tag: Pattern
  /** Names payload, verbs and severities; an engine that has another would refuse its facts. */
  readonly digest: string
  readonly verbs: ReadonlyMap<string, VerbRules>
  /** Holds verb, subject, verdict, change and links to the declaration. */
  readonly check: Check
}

/** The contract's events by name. */
export type Table = ReadonlyMap<string, EventRules>

/** The contract of events as a greeting tells it: each event with its digest. */
export function contractOf(table: Table): { readonly [event: string]: string } {
  return Object.fromEntries([...table].map(([name, { digest }]) => [name, digest]))
}

/** Reads the generated table of events; the sidecar does not start without it. */
export function readTable(path: string | URL): Table {
  try {
    const json: Json = JSON.parse(readFileSync(path, 'utf8'))
    return new Map(Object.entries(object(json, 'the table')).map(([name, one]) => [name, rulesOf(object(one, name), name)]))
  } catch (thrown) {
    throw new Refusal('EOS607', `the table of events ${String(path)} cannot be read: ${messageOf(thrown)}`, 'the file that `npm run generate` writes', 'install the package again')
  }
}

function rulesOf(event: JsonObject, name: string): EventRules {
  const verbs = Object.entries(object(event['verbs'], `${name}.verbs`)).map(([verb, one]): [string, VerbRules] => {
    const rules = object(one, `${name}.verbs.${verb}`)
    return [verb, { severity: text(rules['severity'], `${name}.${verb}.severity`), id: patternOf(text(rules['id'], `${name}.${verb}.id`)) }]
  })
  return { tag: patternOf(text(event['tag'], `${name}.tag`)), digest: text(event['digest'], `${name}.digest`), verbs: new Map(verbs), check: checkOf(event['schema']) }
}

function object(value: Json | undefined, path: string): JsonObject {
  if (isObject(value)) return value
  throw new TypeError(`${path} is no object`)
}

function text(value: Json | undefined, path: string): string {
  if (typeof value === 'string') return value
  throw new TypeError(`${path} is no text`)
}
