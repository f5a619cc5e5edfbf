// The words of a policy: what may follow from a fact. Nothing here is ever executed by the generator.

import type { Component, Components, Duration, Events } from './index.ts'

type Name<R> = keyof R & string
type VerbOf<P> = P extends { verb: infer V extends string } ? V : never

/** One thing that can have happened: `nomad/alloc/failed`. */
export type Occurrence = { [E in Name<Events>]: `${E}/${VerbOf<Events[E]>}` }[Name<Events>]
type EventOf<O> = { [E in Name<Events>]: O extends `${E}/${VerbOf<Events[E]>}` ? E : never }[Name<Events>]
type Carried<O> = Events[EventOf<O> & keyof Events]
type Part = 'subject' | 'verdict' | 'change' | 'links'
/** A leaf that the payload of every occurrence has: the keys of a union are those that all its members have. */
type LeafOf<P> = { [S in Part & Name<P>]: `${S}.${Name<P[S]>}` }[Part & Name<P>]
type At<P, L> = L extends `${infer S}.${infer F}` ? (S extends keyof P ? (F extends keyof P[S] ? P[S][F] : never) : never) : never
type Matched<V> = V extends readonly unknown[] ? never : V

/** A component by name, or the leaf of the key that names it. */
type Target<L> = Name<Components> | { readonly leaf: L }
/** What leaves the master: a decision first, then an orchestration that claims it. */
type Deed<L> =
  /** The states of a component on the node of the event, its gate as the check. */
  | { readonly do: 'apply'; readonly component: Target<L> }
  /** A forced evaluation of the Nomad job. */
  | { readonly do: 'evaluate' }
  /** The agent of Consul writes a registration again that the catalogue lost. */
  | { readonly do: 'resync' }
  /** A stale registration leaves Consul, check-and-set. */
  | { readonly do: 'deregister' }
  /** Vault is unsealed by the declared custody, or one precise request is made. */
  | { readonly do: 'unseal' }
/** What stays on the master: a row, a line of the audit, a notification. Allowed in every mode, because it changes nothing outside. */
type Note =
  | { readonly do: 'propose'; readonly field: 'memory' | 'count' }
  | { readonly do: 'freeze'; readonly for: Duration }
  | { readonly do: 'hold' }
  | { readonly do: 'suspect'; readonly for: Duration }
  | { readonly do: 'report' }
  | { readonly do: 'alarm' }
  | { readonly do: 'watch' }
/** What a policy does when everything it requires holds. */
export type Act<L> = Deed<L> | Note

/** What must hold besides the facts themselves. */
export interface Requirement<L> {
  /** Who it happened to is known. */
  readonly attributed?: true
  /** So often within that time; with `distinct`, for so many different values of a leaf. */
  readonly repeated?: { readonly times: number; readonly within: Duration; readonly distinct?: L }
  readonly class?: readonly Component<unknown>['class'][]
  /** How far the layer below must be: done with what it began, out of attempts, or given up. */
  readonly layerBelow?: 'settled' | 'exhausted' | 'failed'
  /** A function of `saltext/eos/heal_checks.py`. */
  readonly hook?: string
}
/** For which facts, under which conditions, which action, within which bounds, in which words. */
export interface Policy<O extends Occurrence, P = Carried<O>> {
  readonly on: readonly O[]
  /** Each named leaf has that value, or one of these. */
  readonly match?: { readonly [L in LeafOf<P>]?: Matched<At<P, L>> | readonly Matched<At<P, L>>[] }
  readonly require: Requirement<LeafOf<P>>
  /** The leaves that name one incident; a fact where one of them is null is none of this policy. */
  readonly key: readonly LeafOf<P>[]
  readonly act: Act<LeafOf<P>>
  readonly limits?: { readonly attempts?: number; readonly coolDown?: Duration }
  /** One line for an operator: text with {references} to leaves, and {count}; of a kill for memory also {limit} and {proposed}, sizes as the pillar takes them. */
  readonly says: string
  /** What a person is asked when it may not act: text with the same references. */
  readonly otherwise: string
  /** What this policy never does, one sentence each. */
  readonly never: readonly string[]
}

/** Declares a policy; the file is `src/policies/<name>.ts`. */
export const definePolicy = <const O extends Occurrence>(spec: Policy<O>): Policy<O> => spec
