import type { Events } from '../schema/index.ts'

/** Pure JSON; integers beyond 2^53 are digit strings. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject
/** An object of pure JSON. */
export interface JsonObject {
  readonly [key: string]: Json
}

/** The key of an event declaration, such as `nomad/alloc`. */
export type EventName = keyof Events & string

/** Where a fact was seen. */
export interface Seen {
  readonly kind: 'nomad' | 'consul' | 'bridge'
  /** Name of the source: `nomad:<region>`, `consul:<datacenter>` or `bridge`. */
  readonly name: string
  /** Changes when the cluster is rebuilt or restored: (epoch, index) is ordered, index alone is not. */
  readonly epoch: string
  /** Raft index of the frame or answer; 0 where there is none. */
  readonly index: number
  /** Topic and type of Nomad's stream, or the endpoint that was read. */
  readonly topic?: string
  readonly type?: string
  /** The agent that answered. */
  readonly server?: string
}

/** What a judge found out about one subject; the journal gives it an id, an epoch and a number. */
export interface FactOf<E extends EventName> {
  readonly event: E
  readonly verb: Events[E]['verb']
  readonly subject: Events[E]['subject']
  readonly verdict: Events[E]['verdict']
  readonly change: Events[E]['change']
  readonly links: Events[E]['links']
  /** The server's own counter, index or timestamp digits that make this occurrence unique: `{mark}` of the id. */
  readonly mark: string
  readonly origin: 'stream' | 'resync' | 'audit' | 'self'
  readonly source: Seen
  readonly time: {
    /** RFC 3339 in UTC with the digits that the source gave; null where it gave none. Never used for order. */
    readonly occurred: string | null
    /** RFC 3339 in UTC, of this process. */
    readonly observed: string
    /** Whose clock `occurred` is. */
    readonly clock: 'client' | 'server' | 'sidecar'
  }
  readonly settled: boolean
  /** How many occurrences this one stands for beyond itself. */
  readonly coalesced: number
  /** What proves it, such as `nomad:820`. */
  readonly evidence: readonly string[]
}

/** A fact of any event. */
export type Fact = { readonly [E in EventName]: FactOf<E> }[EventName]
