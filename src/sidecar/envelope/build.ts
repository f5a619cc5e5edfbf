import type { Fact, JsonObject } from '../fact.ts'
import type { DeadRow, FactRow } from '../journal/messages.ts'
import { snakeKeys } from './snake-case.ts'
import type { EventRules, Table } from './table.ts'
import { renderTag } from './tag.ts'
import { fill, leafText } from './text.ts'

/** Largest envelope, in bytes. */
export const LARGEST = 65_536
/** What number, epoch and schema take in front of a body. */
const HEAD = 128

/** A fact that is ready for the journal, or the reason why it never will be. */
export type Built = { readonly row: FactRow; readonly tag: string } | { readonly dead: DeadRow }

/** Gives a fact its id, tag and severity, and holds it to its declaration and to the size limit; pure. */
export function buildEnvelope(table: Table, fact: Fact, at: number): Built {
  const payload: Payload = { verb: fact.verb, subject: snakeKeys(fact.subject), verdict: snakeKeys(fact.verdict), change: snakeKeys(fact.change), links: snakeKeys(fact.links) }
  const rules = table.get(fact.event)
  const verb = rules?.verbs.get(fact.verb)
  const id = verb === undefined ? `${fact.event}:${fact.verb}:${fact.mark}` : idOf(verb.id, payload, fact)
  const problem = rules === undefined ? `event: expected one of ${[...table.keys()].join(', ')}; found "${fact.event}"` : problemOf(rules, payload)
  if (rules === undefined || verb === undefined || problem !== null) {
    return { dead: deadOf(fact, id, 'EOS630', problem ?? `verb: expected one of ${[...(rules?.verbs.keys() ?? [])].join(', ')}; found "${fact.verb}"`, at) }
  }
  const tag = renderTag(rules.tag, fact.verb, payload.subject)
  const { event, origin, source, time, coalesced, settled, evidence } = fact
  const { subject, verdict, change, links } = payload
  const body = JSON.stringify({ id, event, verb: fact.verb, tag, severity: verb.severity, origin, replay: false, source, time, subject, verdict, change, links, related: [], coalesced, settled, evidence })
  const size = Buffer.byteLength(body) + HEAD
  if (size > LARGEST) return { dead: deadOf(fact, id, 'EOS631', `the envelope has ${size} bytes; expected at most ${LARGEST}`, at, body) }
  return { row: { id, name: source.name, sourceEpoch: source.epoch, index: source.index, at, body }, tag }
}

type Payload = Record<'subject' | 'verdict' | 'change' | 'links', JsonObject> & { readonly verb: string }

function idOf(pattern: Parameters<typeof fill>[0], payload: Payload, fact: Fact): string {
  const id = fill(pattern, (reference) => (reference === 'mark' ? fact.mark : leafText(payload, reference)))
  return fact.settled ? id : `${id}:unsettled`
}

function problemOf({ check }: EventRules, payload: Payload): string | null {
  return check(payload, '')
}

function deadOf(fact: Fact, id: string, code: string, reason: string, at: number, body = JSON.stringify(fact)): DeadRow {
  return { id, name: fact.source.name, code, reason, at, body: body.slice(0, LARGEST) }
}
