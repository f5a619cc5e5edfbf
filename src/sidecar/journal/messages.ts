// What the main thread and the journal's thread say to each other; everything here survives a structured clone.

/** A fact that is ready to be numbered and written. */
export interface FactRow {
  readonly id: string
  /** Name of the source, its epoch and its index: what a new active half of a pair compares with the inbox. */
  readonly name: string
  readonly sourceEpoch: string
  readonly index: number
  /** Milliseconds since 1970. */
  readonly at: number
  /** The envelope as JSON, without `schema`, `seq` and `epoch`: those are put in front when it is sent. */
  readonly body: string
}

/** Something that will never be sent, with the reason. */
export interface DeadRow {
  readonly id: string
  readonly name: string
  readonly code: string
  readonly reason: string
  readonly at: number
  readonly body: string
}

/** One remembered object, its value as JSON. */
export interface StateText {
  readonly kind: string
  readonly key: string
  readonly value: string
}

/** One commit of a source. */
export interface Write {
  readonly source: string
  readonly facts: readonly FactRow[]
  readonly dead: readonly DeadRow[]
  readonly puts: readonly StateText[]
  readonly deletes: readonly { readonly kind: string; readonly key: string }[]
  /** JSON; null leaves it as it is. */
  readonly cursor: string | null
}

/** What the engine said about one envelope that it will not take. */
export interface Refused {
  readonly seq: number
  readonly code: string
  readonly reason: string
}

/** How far the inbox has come with each source, by its name. */
export type Cursors = Readonly<Record<string, { readonly epoch: string; readonly index: number }>>

/** What a new epoch takes over: what the engine never acknowledged, or also what is kept beyond that. */
export type Keep = 'waiting' | 'all'

/** What can be asked of the journal's thread. */
export type Ask =
  | { readonly kind: 'write'; readonly write: Write }
  | { readonly kind: 'acknowledge'; readonly seq: number; readonly refused: readonly Refused[] }
  | { readonly kind: 'rebase'; readonly epoch: string; readonly keep: Keep; readonly cursors: Cursors }
  | { readonly kind: 'prune'; readonly before: number; readonly cursors: Cursors }
  | { readonly kind: 'read'; readonly from: number; readonly limit: number; readonly bytes: number }
  | { readonly kind: 'remember'; readonly source: string; readonly after: { readonly kind: string; readonly key: string } }
  | { readonly kind: 'oldest' }
  | { readonly kind: 'close' }

/** What comes back for each kind. */
export interface Answers {
  /** `repeated`: places of the facts that were journalled before. */
  readonly write: { readonly written: number; readonly repeated: readonly number[] }
  readonly acknowledge: { readonly buried: readonly DeadRow[] }
  readonly rebase: { readonly dropped: number; readonly kept: number }
  readonly prune: { readonly dropped: number }
  /** A whole frame of the wire, or null when there is nothing, or when row `from` is gone (`isGone`). */
  readonly read: { readonly frame: ArrayBuffer | null; readonly to: number; readonly isGone: boolean }
  readonly remember: { readonly cursor: string | null; readonly rows: readonly StateText[]; readonly isLast: boolean }
  readonly oldest: { readonly at: number | null }
  readonly close: null
}

/** An `Ask` with the number that its answer will carry. */
export interface Numbered {
  readonly number: number
  readonly ask: Ask
}

/** Where the journal stands after a group of writes. */
export interface Snapshot {
  readonly epoch: string
  /** Number of the last fact, of the last one that the engine acknowledged, and of the first row that is still there. */
  readonly last: number
  readonly acknowledged: number
  readonly first: number
  /** Facts that wait for the engine. */
  readonly depth: number
  readonly dead: number
  readonly duplicates: number
  readonly groups: number
  readonly writes: number
}

/** What the journal's thread says. */
export type Said =
  | { readonly kind: 'open'; readonly snapshot: Snapshot; readonly isNew: boolean; readonly movedTo: string | null }
  | { readonly kind: 'answers'; readonly answers: readonly Answer[]; readonly snapshot: Snapshot }
  | { readonly kind: 'disk'; readonly problem: string | null }
  | { readonly kind: 'fatal'; readonly code: 'EOS620' | 'EOS621' | 'EOS622' | 'EOS623'; readonly message: string }

/** One answer; the kind of `value` is that of the question with the same number. */
export type Answer =
  | { readonly number: number; readonly value: Answers[keyof Answers] }
  | { readonly number: number; readonly failed: string }
