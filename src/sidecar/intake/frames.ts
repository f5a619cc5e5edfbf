import { isObject } from '../envelope/text.ts'
import type { Json } from '../fact.ts'
import { decodeJson } from './decode.ts'
import { JsonRefused } from './lossless-json.ts'
import type { Part } from './messages.ts'
import type { Reducer } from './reducers.ts'

/** Reads one line of Nomad's event stream: `{}` is a sign of life, text and refused JSON are told apart. */
export function readFrame(line: Buffer, reduce: Reducer): Part {
  try {
    return frameOf(decodeJson(line), line.length, reduce)
  } catch (thrown) {
    if (!(thrown instanceof JsonRefused)) throw thrown
    const isText = line[0] !== 123
    return { kind: 'unreadable', reason: isText ? excerpt(line) : thrown.message, isText, bytes: line.length }
  }
}

function frameOf(frame: Json, bytes: number, reduce: Reducer): Part {
  if (!isObject(frame)) return { kind: 'unreadable', reason: 'a frame is no object', isText: true, bytes }
  const { Index: index, Events: events } = frame
  if (Object.keys(frame).length === 0) return { kind: 'heartbeat' }
  if (typeof index !== 'number' || !(Array.isArray(events) || events === null || events === undefined)) {
    return { kind: 'unreadable', reason: 'a frame without `Index` and `Events`', isText: false, bytes }
  }
  const list: readonly Json[] = Array.isArray(events) ? events : []
  return { kind: 'frame', index, events: list.map(reduce).filter((event) => event !== null), bytes }
}

/** The begin of a line that is no JSON, fit for a log. */
function excerpt(line: Buffer): string {
  return line.subarray(0, 200).toString('latin1').replace(/[^\x20-\x7e]/g, '?').trim()
}
