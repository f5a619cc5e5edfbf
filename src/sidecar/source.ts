import type { Fact, Json } from './fact.ts'

/** One remembered object of a source: what the judge compares the next observation with. */
export interface StateRow {
  /** Kind of object within the source, such as `alloc`. */
  readonly kind: string
  readonly key: string
  readonly value: Json
}

/** What one observation leads to; it is written whole or not at all. */
export interface Commit {
  /** Name of the source. */
  readonly source: string
  readonly facts: readonly Fact[]
  readonly puts: readonly StateRow[]
  readonly deletes: readonly Pick<StateRow, 'kind' | 'key'>[]
  /** Where the source goes on after a restart; unchanged when left out. */
  readonly cursor?: Json
}

/** What a source had committed before this process started. */
export interface Remembered {
  /** Null when the source was never read. */
  readonly cursor: Json
  readonly rows: readonly StateRow[]
  /** How far the inbox had come with a source that was never read here; null when it has nothing of it, or when no engine greeted in time. */
  readonly inherited?: Inherited | null
}

/** Where another sidecar, or this one with a journal that is lost, has brought the inbox. */
export interface Inherited {
  /** Epoch of the source, such as `global#2`. */
  readonly epoch: string
  readonly index: number
}

/** The durable side of a source. */
export interface Journal {
  /** Everything that a source has committed, read once at start. */
  readonly remember: (source: string) => Promise<Remembered>
  /**
   * Writes facts, state and cursor in one transaction. Resolves once they are on the disk; waits while the disk refuses,
   * so a source that awaits it acknowledges nothing that is not durable. A fact whose id was journalled before is dropped.
   */
  readonly commit: (commit: Commit) => Promise<void>
}

/** How a source stands, for `/readyz`, `/metrics` and the checkpoint. */
export interface Standing {
  readonly name: string
  readonly isReady: boolean
  /** Why it is degraded, in one sentence; null when it is not. */
  readonly degraded: string | null
  /** Index of the last observation that was committed. */
  readonly index: number
  /** Milliseconds since 1970 of the last sign of life from the server. */
  readonly heard: number
  /** Counters for the metrics, by their Prometheus name without prefix. */
  readonly counters: Readonly<Record<string, number>>
}

/** A running source: it reads, judges and commits until it is stopped. */
export interface Source {
  readonly standing: () => Standing
  readonly stop: () => Promise<void>
}
