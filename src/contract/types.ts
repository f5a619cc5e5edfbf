/** Pure JSON, as it stands in a contract. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject
/** An object of pure JSON. */
export interface JsonObject {
  readonly [key: string]: Json
}

/** The JSON Schema of one value, made of the keywords that every validator of Eos knows. */
export type Schema = JsonObject

/** A field that the pillar, or a caller, may set. */
export interface Field {
  readonly doc: string
  readonly schema: Schema
  readonly default?: Json
  /** May be left out: it is marked `?`, has a default or is a secret. */
  readonly optional: boolean
  readonly key?: true
  readonly immutable?: true
  readonly read_only?: true
  /** Form of a secret that the master generates. */
  readonly secret?: string
}

/** The field that says what a node can be. */
export interface RoleField {
  readonly doc: string
  readonly roles: readonly string[]
}

/** Fields by their snake_case name, in the order of the interface. */
export interface Fields {
  readonly [name: string]: Field | RoleField
}

/** True for the field `role`. */
export function isRole(field: Field | RoleField): field is RoleField {
  return 'roles' in field
}

interface Declaration {
  readonly name: string
  readonly doc: string
  /** Path of the declaration below the repository. */
  readonly source: string
}

/** Conditions that must all hold. */
export interface Condition {
  readonly [field: string]: string | boolean
}

/** A file made from data. */
export interface FileSpec {
  readonly path: string
  readonly format: 'json' | 'env' | 'lines' | 'unit'
  readonly mode?: string
  readonly owner?: string
  readonly when?: Condition
  readonly reload?: 'reload' | 'restart'
  readonly data: JsonObject
}

/** A Salt state with its arguments. */
export interface StateSpec {
  readonly id: string
  readonly run: string
  readonly with?: JsonObject
  readonly when?: Condition
}

/** One observation of a gate. */
export interface ProbeSpec {
  readonly why: string
  readonly when?: Condition
  readonly by: 'http' | 'command' | 'tcp' | 'hook'
  readonly get?: string
  readonly port?: string
  readonly field?: string
  readonly run?: readonly string[]
  readonly hook?: string
  readonly is?: Json
  readonly is_not?: Json
  readonly at_least?: number
}

/** How a component behaves. */
export interface ComponentSpec {
  readonly on: 'host' | 'nomad'
  readonly class: string
  readonly needs: readonly string[]
  readonly each?: 'app'
  readonly packages?: readonly string[]
  readonly unit?: string
  readonly user?: string
  readonly identity?: { readonly sans: readonly Json[] }
  readonly ports?: { readonly [field: string]: 'loopback' | 'cluster' | 'public' }
  readonly memory: readonly { readonly when?: Condition; readonly floor: string; readonly want: string; readonly burst: string }[]
  readonly storage?: { readonly [path: string]: string }
  readonly runner?: string
  readonly prepare?: readonly StateSpec[]
  readonly files?: readonly FileSpec[]
  readonly converge?: readonly StateSpec[]
  readonly gate: {
    readonly probes: readonly ProbeSpec[]
    readonly within: string
    readonly successes?: number
    readonly apart?: string
  }
  readonly metrics?: { readonly port: string; readonly path: string }
  readonly backup?: { readonly hook: string; readonly every: string } | 'nothing-to-keep'
  readonly hooks?: readonly string[]
}

/** A part of the stack. */
export interface ComponentContract extends Declaration {
  readonly kind: 'component'
  readonly fields: Fields
  readonly spec: ComponentSpec
}

/** How an object behind an HTTP API behaves. */
export interface ResourceSpec {
  readonly service: 'nomad' | 'consul' | 'vault'
  readonly wire: { readonly case: 'pascal' | 'snake' | 'camel'; readonly envelope?: string; readonly rename?: { readonly [spot: string]: string }; readonly raw?: string; readonly constant?: JsonObject }
  readonly find: { readonly list?: string; readonly read?: string; readonly match?: readonly string[]; readonly whole?: true }
  readonly create: string
  readonly update: string
  readonly delete: string
  /** By the place of a field: `rules`, or `config.issuer` inside another. */
  readonly diff?: { readonly [spot: string]: string | { readonly by: string } }
  readonly since?: { readonly [spot: string]: string }
  readonly lost?: 'answers-false'
  readonly exclusive?: readonly (readonly string[])[]
  readonly wait?: JsonObject
  readonly after?: readonly string[]
  readonly given?: readonly { readonly run: string; readonly with: JsonObject }[]
  readonly examples: { readonly [name: string]: JsonObject }
  readonly samples?: { readonly [spot: string]: readonly Json[] }
  readonly hooks?: readonly string[]
}

/** An object behind an HTTP API. */
export interface ResourceContract extends Declaration {
  readonly kind: 'resource'
  readonly fields: Fields
  readonly spec: ResourceSpec
}

/** One step of a plan. */
export type StepSpec = { readonly needs?: readonly string[]; readonly undo: string } & (
  | { readonly do: 'run'; readonly runner: string }
  | { readonly do: 'each'; readonly state: 'applied'; readonly order: 'needs' }
)

/** An orchestration. */
export interface PlanContract extends Declaration {
  readonly kind: 'plan'
  readonly spec: { readonly says: string; readonly steps: { readonly [name: string]: StepSpec }; readonly on_red: string }
}

/** One thing that can have happened. */
export interface VerbSpec {
  readonly severity: 'info' | 'notice' | 'warning' | 'critical'
  readonly raised: string
  readonly says: string
  readonly advice?: string
  readonly id: string
  readonly settle?: string
  readonly example: JsonObject
}

/** The tag and the verbs of an event. */
export interface EventSpec {
  readonly tag: string
  readonly verbs: { readonly [verb: string]: VerbSpec }
}

/** A fact on the Salt bus. */
export interface EventContract extends Declaration {
  readonly kind: 'event'
  /** Registry key, such as `nomad/alloc`: how an envelope names it. */
  readonly event: string
  /** Schema of verb, subject, verdict, change and links together. */
  readonly payload: Schema
  readonly spec: EventSpec
}

/** What Salt itself reads in the configuration of every beacon. */
export const SALT_SETTINGS = ['interval', 'enabled', 'disable_during_state_run', 'run_once', 'beacon_module'] as const

/** What a minion watches. */
export interface BeaconSpec {
  readonly raises: readonly string[]
  readonly interval: string
  readonly module: string
  readonly bounds?: { readonly [field: string]: readonly [number, number] }
}

/** The configuration of a beacon. */
export interface BeaconContract extends Declaration {
  readonly kind: 'beacon'
  readonly fields: Fields
  readonly spec: BeaconSpec
}

/** What a policy does: an act leaves the master, a note stays there. */
export interface ActSpec {
  readonly do: 'apply' | 'evaluate' | 'deregister' | 'resync' | 'unseal' | 'propose' | 'freeze' | 'hold' | 'suspect' | 'report' | 'alarm' | 'watch'
  /** Contract name of a component, or the leaf of the key that holds it. */
  readonly component?: string | { readonly leaf: string }
  readonly field?: 'memory' | 'count'
  readonly for?: string
}

/** For which facts, under which conditions, which action. */
export interface PolicySpec {
  /** Occurrences: registry key of an event, then its verb. */
  readonly on: readonly string[]
  readonly match?: { readonly [leaf: string]: Json }
  readonly require: {
    readonly attributed?: true
    readonly repeated?: { readonly times: number; readonly within: string; readonly distinct?: string }
    readonly class?: readonly string[]
    readonly layer_below?: 'settled' | 'exhausted' | 'failed'
    readonly hook?: string
  }
  readonly key: readonly string[]
  readonly act: ActSpec
  readonly limits?: { readonly attempts?: number; readonly cool_down?: string }
  readonly says: string
  readonly otherwise: string
  readonly never: readonly string[]
}

/** What may follow from facts. */
export interface PolicyContract extends Declaration {
  readonly kind: 'policy'
  readonly spec: PolicySpec
}

/** What a declaration becomes. */
export type Contract = BeaconContract | ComponentContract | EventContract | PlanContract | PolicyContract | ResourceContract

/** All declarations; components in the order of their needs. */
export interface Contracts {
  readonly components: readonly ComponentContract[]
  readonly plans: readonly PlanContract[]
  readonly resources: readonly ResourceContract[]
  readonly events: readonly EventContract[]
  readonly beacons: readonly BeaconContract[]
  readonly policies: readonly PolicyContract[]
}
