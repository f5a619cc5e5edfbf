import { isObject } from '../envelope/text.ts'
import type { Json, JsonObject } from '../fact.ts'
import type { Cursors, Refused } from '../journal/messages.ts'
import { Refusal } from '../refusal.ts'

/** The protocol that this sidecar speaks. */
export const PROTOCOL = 1

/** What the engine may say. */
export type FromEngine =
  | { readonly kind: 'welcome'; readonly lastSeq: number; readonly cursors: Cursors; readonly maxBatch: number }
  | { readonly kind: 'ack'; readonly epoch: string; readonly seq: number; readonly refused: readonly Refused[] }
  /** `isSkew`: its events are others than the sidecar's, and it says which of the two is older. */
  | { readonly kind: 'error'; readonly code: string; readonly reason: string; readonly isSkew: boolean }

/** Reads one frame of the engine; anything but protocol 1 is an error that says what was expected. */
export function readEngine(text: string): FromEngine {
  const message: Json = JSON.parse(text)
  if (!isObject(message)) throw broken(`a frame is ${typeof message}`, 'an object')
  switch (message['kind']) {
    case 'welcome':
      if (message['protocol'] !== PROTOCOL) throw new Refusal('EOS642', `the engine speaks protocol ${JSON.stringify(message['protocol'])}`, `protocol ${PROTOCOL}`, 'install engine and sidecar of one version')
      return { kind: 'welcome', lastSeq: count(message, 'last_seq'), cursors: cursorsOf(message['cursors']), maxBatch: Math.max(1, count(message, 'max_batch')) }
    case 'ack':
      return { kind: 'ack', epoch: textOf(message, 'epoch'), seq: count(message, 'seq'), refused: refusedOf(message['refused']) }
    case 'error':
      return { kind: 'error', code: textOf(message, 'code'), reason: textOf(message, 'reason'), isSkew: message['older'] !== undefined }
    default:
      throw broken(`a frame is of kind ${JSON.stringify(message['kind'])}`, 'welcome, ack or error')
  }
}

function cursorsOf(value: Json | undefined): Cursors {
  if (value === undefined) return {}
  if (!isObject(value)) throw broken('the cursors of a welcome are no object', 'an object')
  return Object.fromEntries(Object.entries(value).flatMap(([name, one]) => (isObject(one) ? [[name, { epoch: textOf(one, 'epoch'), index: count(one, 'index') }]] : [])))
}

function refusedOf(value: Json | undefined): Refused[] {
  if (!Array.isArray(value)) return []
  const items: readonly Json[] = value
  return items.filter(isObject).map((one) => ({ seq: count(one, 'seq'), code: textOf(one, 'code'), reason: textOf(one, 'reason') }))
}

function count(object: JsonObject, key: string): number {
  const value = object[key]
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw broken(`${key} is ${JSON.stringify(value)}`, 'a whole number')
}

function textOf(object: JsonObject, key: string): string {
  const value = object[key]
  if (typeof value === 'string') return value
  throw broken(`${key} is ${JSON.stringify(value)}`, 'text')
}

/** The engine said something that protocol 1 does not know. */
export function broken(what: string, expected: string): Refusal {
  return new Refusal('EOS640', what, expected, 'install engine and sidecar of one version')
}
