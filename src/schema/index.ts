// The words of a declaration. A field's shape is an interface, its behaviour one pure literal; nothing here is ever executed by the generator.

export { defineResource, type Base64, type Confidential, type Data, type Matching, type Resource, type Slashed, type Span, type Spot, type Text } from './resource.ts'

// Words of a field: transparent aliases. The compiler sees the bare type; the reader sees the word.

/** Identifies the object among its kind. */
export type Key<T> = T
/** Cannot change once the object exists. */
export type Immutable<T> = T
/** Reported by the service, never written by us. */
export type ReadOnly<T> = T
/** The value when the field is left out. */
export type Default<T, V extends T> = V extends T ? T : never
/** An amount of bytes with its binary unit, such as `128MiB`. */
export type Size = `${number}${'KiB' | 'MiB' | 'GiB' | 'TiB'}`
/** A span of time with its unit, such as `90s`. */
export type Duration = `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`
/** A whole number. */
export type Integer = number
/** A TCP or UDP port, 1 to 65535. */
export type Port = number
/** Generated once on the master, sealed there, delivered as ciphertext made for one minion. */
export type Secret<Form extends 'base64:32' | 'password' | 'uuid'> = Form extends string ? string : never
/** The set of roles a node may have; a node holds any number of them, the topology says which. */
export type Roles<R extends string> = R

// Registries: each declaration file adds its one line, so names complete and misspellings are compile errors.

/** Every component, by the path of its file below `src/components`. */
export interface Components {}
/** Every event, by the path of its file below `src/events`. */
export interface Events {}
type Name<R> = keyof R & string

// References: `$` is one value with its type, `$text` is text with {references}. Nothing else in a literal is special.

type NodeFact = 'id' | 'address' | 'memory' | 'cpus'
type StackFact = 'name' | 'domain'
type Foreign = { [C in Name<Components>]: `${C}.${Name<Components[C]>}` }[Name<Components>]
type Peers<T> = T extends { role: infer R extends string } ? `peers.${R}.${'address' | 'id' | 'count'}` : never
/** Where a value may come from; the reader checks each path again at its exact position, also inside `$text`. */
export type Path<T> =
  | Exclude<Name<T>, 'role'>
  | Foreign
  | Peers<T>
  | `node.${NodeFact}`
  | `stack.${StackFact}`
  | `budget.${'floor' | 'want' | 'burst' | 'reserved'}`
  | `derive.${string}`
  | 'each.name'
/** One value of its own type, or text with {references} in it. */
export type Ref<T> = { readonly $: Path<T> } | { readonly $text: string }
/** Any value of a data tree. */
export type Value<T> = string | number | boolean | null | Ref<T> | readonly Value<T>[] | Tree<T>
/** Data of a target: its keys are the target's own and are never renamed. */
export interface Tree<T> {
  readonly [key: string]: Value<T>
  readonly $?: never
  readonly $text?: never
}
type Closed<V> = [V] extends [string]
  ? string extends V
    ? never
    : V
  : [V] extends [boolean]
    ? V
    : V extends { mode: infer M }
      ? M
      : never
/** Holds when each named field has that value, or the node that role: the only conditional there is. */
export type When<T> = {
  readonly [K in Name<T> as [Closed<NonNullable<T[K]>>] extends [never] ? never : K]?: Closed<NonNullable<T[K]>>
}

// Gates.

type Scalar = string | number | boolean
type Expect =
  | { readonly is: Scalar | readonly Scalar[]; readonly isNot?: never; readonly atLeast?: never }
  | { readonly isNot: Scalar; readonly is?: never; readonly atLeast?: never }
  | { readonly atLeast: number; readonly is?: never; readonly isNot?: never }
  | { readonly is?: never; readonly isNot?: never; readonly atLeast?: never }
type HttpProbe<T> = {
  readonly by: 'http'
  readonly get: `/${string}`
  readonly port: Name<T>
  /** Dotted path into the JSON answer; the whole answer when left out. */
  readonly field?: string
  /** HTTP status codes that are accepted; 200 when left out. */
  readonly status?: readonly number[]
  /** A Secret field of this component that is sent as this header. */
  readonly auth?: { readonly header: string; readonly secret: Name<T> }
} & Expect
type CommandProbe = { readonly by: 'command'; readonly run: readonly string[]; readonly field?: string } & Expect
type TcpProbe<T> = { readonly by: 'tcp'; readonly port: Name<T> }
type HookProbe = { readonly by: 'hook'; readonly hook: string }
/** One observation that proves readiness, and the likely cause when it does not. */
export type Probe<T> = { readonly why: string; readonly when?: When<T> } & (
  | HttpProbe<T>
  | CommandProbe
  | TcpProbe<T>
  | HookProbe
)
/** A component is ready when every probe holds; the whole must pass within the deadline. */
export interface Gate<T> {
  readonly probes: readonly Probe<T>[]
  readonly within: Duration
  /** Successes in a row that are needed after a change. */
  readonly successes?: number
  /** Pause between those successes. */
  readonly apart?: Duration
}

// Components.

/** `unit`: {Section: {Key: value | value[]}}, a list repeats its key. `lines`: {lines: [...]}. */
export type Format = 'json' | 'env' | 'lines' | 'unit'
/** A file made from data; two entries with one path are merged. */
export interface File<T> {
  readonly path: `/${string}`
  readonly format: Format
  /** Octal permission bits, `0644` when left out. */
  readonly mode?: string
  /** `user:group`, `root:root` when left out. */
  readonly owner?: string
  readonly when?: When<T>
  /** What the unit does when the file changes; nothing when left out. */
  readonly reload?: 'reload' | 'restart'
  readonly data: Tree<T>
}
/** One Salt state of this component, by its function; arguments are data with references. */
export interface State<T> {
  readonly id: string
  readonly run: `${string}.${string}`
  readonly with?: Tree<T>
  readonly when?: When<T>
}
/** How much memory a component is given on a node; the first entry whose `when` holds applies, the last has none. */
export interface Memory<T> {
  readonly when?: When<T>
  readonly floor: Size
  readonly want: Size
  readonly burst: Size
}
/** A part of the stack: where it runs, what it needs, how it is configured and what proves it ready. */
export interface Component<T> {
  /** `nomad` components are applied on the nodes with role `terraform: runner`. */
  readonly on: 'host' | 'nomad'
  /** Order of sacrifice under memory pressure, `core` last. */
  readonly class: 'core' | 'data' | 'platform' | 'leaf' | 'batch'
  readonly needs: readonly Name<Components>[]
  /** Once per entry of `eos:apps` instead of once per stack. */
  readonly each?: 'app'
  readonly packages?: readonly string[]
  readonly unit?: string
  /** System user of the unit: owns storage directories and the identity key. */
  readonly user?: string
  /** TLS key born on the host at /etc/eos/tls/<component>.key; certificate .pem beside it; CA /etc/eos/tls/ca.pem. */
  readonly identity?: { readonly sans: readonly (string | Ref<T>)[] }
  readonly ports?: { readonly [K in Name<T>]?: 'loopback' | 'cluster' | 'public' }
  readonly memory: readonly Memory<T>[]
  readonly storage?: { readonly [path: `/${string}`]: 'local' | 'fast' | 'bulk' }
  /** A runner on the master, run before the component's states in every orchestration. */
  readonly runner?: `eos.${string}`
  /** After packages, directories and identity; before files. */
  readonly prepare?: readonly State<T>[]
  readonly files?: readonly File<T>[]
  /** After the unit runs; before the gate. */
  readonly converge?: readonly State<T>[]
  readonly gate: Gate<T>
  readonly metrics?: { readonly port: Name<T>; readonly path: `/${string}` }
  readonly backup?: { readonly hook: string; readonly every: Duration } | 'nothing-to-keep'
  readonly hooks?: readonly ('before_apply' | 'after_apply' | 'derive')[]
}

// Events and beacons.

/** What every payload has: `verb` is the closed set of what can have happened to the subject. */
interface Payload {
  readonly verb: string
  readonly subject: object
  readonly verdict: object
  readonly change: object
  readonly links: object
}
/** What a person is to do who sees it: text with {references} to leaves of the payload; for `warning` and `critical`, and only there. */
type Asking =
  | { readonly severity: 'warning' | 'critical'; readonly advice: string }
  | { readonly severity: 'info' | 'notice'; readonly advice?: never }
/** One thing that can have happened, in the past tense. */
export type Verb<P extends Payload> = Asking & {
  /** The observation that raises it, for the documentation. */
  readonly raised: string
  /** One line for an operator: text with {references} to leaves of the payload. */
  readonly says: string
  /** Text with {references} to leaves of the payload, {verb} and {mark}: equal for one occurrence, whoever saw it and however often. */
  readonly id: string
  /** Quiet time before the fact counts as settled; at once when left out. */
  readonly settle?: Duration
  readonly example: Omit<P, 'verb'>
}
/** A fact on the Salt bus: a row of the tag table with its verbs. */
export interface Event<P extends Payload> {
  /** Text with {verb} and {references} to leaves of `subject`. */
  readonly tag: `eos/${string}`
  readonly verbs: { readonly [V in P['verb']]: Verb<P> }
}
/** What a minion watches; the interface is its configuration, the watching is `saltext/eos/beacons/<module>.py`. */
export interface Beacon<T> {
  readonly raises: readonly Name<Events>[]
  readonly interval: Duration
  readonly module: string
  /** Smallest and largest value of a whole number. */
  readonly bounds?: { readonly [K in Name<T>]?: readonly [number, number] }
}

// Plans.

type Step<S> = { readonly needs?: readonly Name<S>[]; readonly undo: Name<S> | 'not-needed' | 'impossible' } & (
  | { readonly do: 'run'; readonly runner: `eos.${string}` }
  | { readonly do: 'each'; readonly state: 'applied'; readonly order: 'needs' }
)
/** An orchestration over the whole stack. */
export interface Plan<S> {
  readonly says: string
  readonly steps: { readonly [K in keyof S]: Step<S> }
  readonly onRed: 'stop-descendants' | 'stop-all'
}

/** Declares a component; the file is `src/components/<name>.ts`. */
export const defineComponent = <T>(spec: Component<T>): Component<T> => spec
/** Declares an event; the file is `src/events/<source>/<object>.ts`. */
export const defineEvent = <P extends Payload>(spec: Event<P>): Event<P> => spec
/** Declares a beacon; the file is `src/beacons/<name>.ts`. */
export const defineBeacon = <T>(spec: Beacon<T>): Beacon<T> => spec
/** Declares a plan; the file is `src/plans/<name>.ts`. */
export const definePlan = <const S>(spec: Plan<S>): Plan<S> => spec
