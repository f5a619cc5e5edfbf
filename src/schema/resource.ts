// The words of a resource: what its fields are on the wire, how they are compared, what the server promises. `index.ts` hands them on.
import type { Duration } from './index.ts'

type Name<R> = keyof R & string

// Words of a field.

/** A span of time: `90s`, `1h30m` or a number of seconds. The server writes nanoseconds, seconds, or text. `some` is more than nothing: where the server takes 0 for its own default, 0 would never be kept. */
export type Span<Wire extends 'ns' | 's' | 'text', Least extends 'any' | 'some' = 'any'> = [Wire, Least] extends [string, string] ? string | number : never
/** Text that the server keeps in base64. */
export type Base64 = string
/** Text with `/` between its parts, such as the path of a variable. */
export type Slashed = string
/** Text that matches a pattern; the second argument says in words what that is. */
export type Matching<Pattern extends string, Says extends string> = [Pattern, Says] extends [string, string] ? string : never
/** Text of at most so many characters. */
export type Text<Most extends number> = Most extends number ? string : never
/** A map of anything, in the server's own words: its keys are never renamed, and it is compared as a whole. */
export type Data = { readonly [key: string]: unknown }
/** Text that is never written down here: its place is. It is opened on the minion at the last moment, and shown as `***`. */
export type Confidential<Wire extends 'text' | 'base64' = 'text'> = Wire extends string
  ? { readonly file: string } | { readonly sealed: string } | { readonly vault: { readonly path: string; readonly field: string } }
  : never

// Places inside a resource: `rules`, `config.issuer`; what a list or a map holds has the path of the list.

type Held<V> = V extends readonly (infer I)[] ? I : string extends keyof V ? V[keyof V] : V
type Inner<V> = Held<NonNullable<V>> extends infer H ? (H extends object ? Spot<H> : never) : never
/** A field, or a field of what it holds. */
export type Spot<T> = { [K in Name<T>]-?: K | `${K}.${Inner<T[K]>}` }[Name<T>]

type Diff =
  | 'exact'
  | 'when-set'
  | 'empty-is-default'
  | 'bytes'
  | 'duration'
  | 'case'
  | 'hcl'
  | 'at-least'
  | 'as-set'
  | 'whole'
  | 'write-only'
/** Items are the same when this field of theirs is; their order says nothing. */
type ByKey = { readonly by: string }
type Call = `${'GET' | 'PUT' | 'POST' | 'DELETE' | 'LIST'} /${string}`
type Hook = 'kept' | 'to_wire' | 'from_wire' | 'before_create' | 'after_create' | 'before_update' | 'before_delete'
type Sample = string | number | boolean | null | readonly Sample[] | { readonly [key: string]: Sample }

/** An object behind an HTTP API: its calls, a diff rule per field, waiters and examples. */
export interface Resource<T> {
  readonly service: 'nomad' | 'consul' | 'vault'
  readonly wire: {
    readonly case: 'pascal' | 'snake' | 'camel'
    readonly envelope?: string
    /** The server's own name; dots lead into objects, `[]` into each item of a list. A field of what a field holds is named from there. */
    readonly rename?: { readonly [K in Spot<T>]?: string }
    /** The field whose bytes are the whole body; the others travel in the path. */
    readonly raw?: Name<T>
    /** What every body holds besides the fields, by the server's own names. */
    readonly constant?: { readonly [name: string]: string | number | boolean }
  }
  /** `whole`: the list says of an object all that the single read says. */
  readonly find: { readonly list?: Call; readonly read?: Call; readonly match?: readonly Name<T>[]; readonly whole?: true }
  readonly create: Call
  readonly update: Call | 'never'
  /** `never` for what is there as long as its server is: there is no `absent` then. */
  readonly delete: Call | 'never'
  readonly diff?: { readonly [K in Spot<T>]?: Diff | ByKey }
  /** The server's version from which on it knows a field; an older one is not sent it. */
  readonly since?: { readonly [K in Spot<T>]?: `${number}.${number}` | `${number}.${number}.${number}` }
  /** How the server says that another wrote meanwhile, where it does not say 409 or 412. */
  readonly lost?: 'answers-false'
  /** Fields of which at most one may be set. */
  readonly exclusive?: readonly (readonly Name<T>[])[]
  readonly wait?: {
    readonly created?: {
      readonly field: Name<T>
      readonly is: string
      readonly fails?: readonly string[]
      readonly within: Duration
    }
  }
  /** Resources that come before this one where the pillar names objects of both, such as `nomad_namespace`; those of `given` do anyway. */
  readonly after?: readonly `${'nomad' | 'consul' | 'vault'}_${string}`[]
  /** States that must have been applied before the examples can be. */
  readonly given?: readonly { readonly run: `${string}.present`; readonly with: { readonly name: string; readonly [argument: string]: Sample } }[]
  readonly examples: { readonly [name: string]: Partial<T> }
  /** Other valid values of fields, for tests, where a type alone does not tell what the server takes. */
  readonly samples?: { readonly [K in Spot<T>]?: readonly Sample[] }
  readonly hooks?: readonly Hook[]
}

/** Declares a resource; the file is `src/resources/<service>/<object>.ts`. */
export const defineResource = <T>(spec: Resource<T>): Resource<T> => spec
