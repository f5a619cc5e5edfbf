import type { Json } from '../fact.ts'
import type { Failure } from './intake-error.ts'
import type { ReducerName } from './reducers.ts'

/** One GET request; the thread adds nothing but the headers that are named here. */
export interface Request {
  /** Full address with path and query; `https:`, or `http:` on the loopback. */
  readonly url: string
  /** The token's value, never empty, and the header that carries it. */
  readonly token: string
  readonly header: 'X-Nomad-Token' | 'X-Consul-Token'
  /** Path of the authority's certificate; nothing else is trusted. */
  readonly ca: string
  /** Milliseconds: for a read until the whole answer is there, for a stream until its headers are. */
  readonly timeout: number
  /** What becomes of the answer, or of each event of a stream, before it leaves the thread. */
  readonly reduce: ReducerName
}

/** The answer to a read. */
export interface Answer {
  readonly status: number
  /** Names are in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly value: Json
  readonly bytes: number
  readonly milliseconds: number
}

/** One part of a stream: a frame, a sign of life, or a line that is none of them. */
export type Part =
  | { readonly kind: 'frame'; readonly index: number; readonly events: readonly Json[]; readonly bytes: number }
  | { readonly kind: 'heartbeat' }
  /** A line that cannot be used: text where JSON was expected, or JSON that is refused. */
  | { readonly kind: 'unreadable'; readonly reason: string; readonly isText: boolean; readonly bytes: number }

/** What the main thread asks of the intake's thread. */
export type Ask =
  | { readonly kind: 'read'; readonly number: number; readonly request: Request }
  | { readonly kind: 'stream'; readonly number: number; readonly request: Request }
  | { readonly kind: 'close'; readonly number: number }
  /** So many parts of a stream were taken; more may come. */
  | { readonly kind: 'taken'; readonly number: number; readonly bytes: number }

/** What the intake's thread says. */
export type Said =
  | { readonly kind: 'answer'; readonly number: number; readonly answer: Answer }
  | { readonly kind: 'open'; readonly number: number; readonly headers: Readonly<Record<string, string>> }
  /** Bytes came that do not end a line yet; said once a second at most. */
  | { readonly kind: 'alive'; readonly number: number }
  /** A frame may come in several pieces; the last one ends it. */
  | { readonly kind: 'part'; readonly number: number; readonly part: Part; readonly isLast: boolean }
  /** The server ended the stream; `torn` bytes came after the last line and were discarded. */
  | { readonly kind: 'end'; readonly number: number; readonly torn: number }
  | { readonly kind: 'failed'; readonly number: number; readonly failure: Failure }
