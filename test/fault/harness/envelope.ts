import { at, isRow, number, text, type Row } from './value.ts'

/** An envelope as a receiver got it. */
export interface Envelope {
  readonly id: string
  readonly seq: number
  readonly epoch: string
  readonly event: string
  readonly verb: string
  readonly tag: string
  readonly origin: string
  readonly settled: boolean
  readonly coalesced: number
  readonly subject: Row
  readonly verdict: Row
  readonly change: Row
  readonly links: Row
  readonly source: Row
  readonly time: Row
  readonly evidence: readonly string[]
  /** All of it, as it was read. */
  readonly body: Row
}

/** Reads an envelope; anything that is none throws. */
export function envelopeOf(body: unknown): Envelope {
  if (!isRow(body)) throw new Error(`no envelope: ${JSON.stringify(body).slice(0, 200)}`)
  const part = (name: string): Row => {
    const found = at(body, name)
    return isRow(found) ? found : {}
  }
  const evidence = at(body, 'evidence')
  return {
    id: text(body, 'id'),
    seq: number(body, 'seq'),
    epoch: text(body, 'epoch'),
    event: text(body, 'event'),
    verb: text(body, 'verb'),
    tag: text(body, 'tag'),
    origin: text(body, 'origin'),
    settled: at(body, 'settled') === true,
    coalesced: number(body, 'coalesced'),
    subject: part('subject'),
    verdict: part('verdict'),
    change: part('change'),
    links: part('links'),
    source: part('source'),
    time: part('time'),
    evidence: Array.isArray(evidence) ? evidence.map(String) : [],
    body,
  }
}

/** `event verb` and the subject, short enough to read in a failed assertion. */
export function brief({ seq, event, verb, subject, verdict, origin, settled }: Envelope): string {
  return `${seq} ${event} ${verb}${settled ? '' : ' (unsettled)'} ${JSON.stringify(subject)} ${JSON.stringify(verdict)} ${origin}`
}
