import type { Json } from '../fact.ts'

/** One answer of Consul, reduced, with what its headers say about it. */
export interface Answer {
  readonly path: string
  readonly address: string
  readonly index: number
  readonly isFiltered: boolean
  readonly hasLeader: boolean
  /** Milliseconds since the server that answered heard of its leader. */
  readonly lastContact: number
  /** `leader`, `consistent` or `stale`: what the answer was, whatever was asked for. */
  readonly consistency: string
  readonly value: Json
}

/** Takes the headers of an answer apart; names in lower case. */
export function answerOf(path: string, address: string, headers: Readonly<Record<string, string | undefined>>, value: Json): Answer {
  return {
    path,
    address,
    index: whole(headers['x-consul-index']),
    isFiltered: headers['x-consul-results-filtered-by-acls'] === 'true',
    hasLeader: headers['x-consul-knownleader'] === 'true',
    lastContact: whole(headers['x-consul-lastcontact']),
    consistency: headers['x-consul-effective-consistency'] ?? 'leader',
    value,
  }
}

function whole(text: string | undefined): number {
  const number = Number(text ?? '0')
  return Number.isSafeInteger(number) && number > 0 ? number : 0
}
