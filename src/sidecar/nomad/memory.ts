import type { Json } from '../fact.ts'
import type { StateRow } from '../source.ts'
import { isObject } from '../envelope/text.ts'
import type { AllocRecord, AllocRow, BlockedRow, DeploymentRecord, JobRecord, NodeRecord, ServiceRecord } from './record.ts'
import { judgedTimes } from './judge-task.ts'

/** One remembered object. */
export type Row = AllocRow | NodeRecord | BlockedRow | DeploymentRecord | JobRecord | ServiceRecord
/** Kinds of remembered objects. */
export type Kind = Row['kind']

/** What changes in the memory, and in the journal with it. */
export interface Edits {
  readonly puts: readonly Row[]
  readonly deletes: readonly Row[]
}

/** Waiting evaluations that are kept to say until when. */
const WAITS = 2000
/** Texts that many rows share are kept once; beyond this, a new collection begins. */
const SHARED = 50_000

/** Everything that is remembered of a region, as small as it can be. */
export class Memory {
  readonly alloc = new Map<string, AllocRow>()
  readonly node = new Map<string, NodeRecord>()
  readonly job = new Map<string, JobRecord>()
  readonly deployment = new Map<string, DeploymentRecord>()
  readonly service = new Map<string, ServiceRecord>()
  readonly blocked = new Map<string, BlockedRow>()
  readonly #waits = new Map<string, string>()
  #shared = new Map<string, string>()

  /** Makes changes that were judged. */
  apply({ puts, deletes }: Edits): void {
    for (const row of deletes) this[row.kind].delete(keyOf(row))
    for (const row of puts) this.#put(row)
  }

  /** The groups of a job that are blocked. */
  blockedOf({ namespace, job }: { readonly namespace: string; readonly job: string }): BlockedRow[] {
    return [...this.blocked.values()].filter((row) => row.namespace === namespace && row.job === job)
  }

  /** The allocations of a job. */
  allocsOf({ namespace, id }: { readonly namespace: string; readonly id: string }): AllocRow[] {
    return [...this.alloc.values()].filter((row) => row.namespace === namespace && row.job === id)
  }

  /** Keeps until when an evaluation waits. */
  wait(evaluation: string, until: string): void {
    this.#waits.set(evaluation, until)
    const [oldest] = this.#waits.keys()
    if (this.#waits.size > WAITS && oldest !== undefined) this.#waits.delete(oldest)
  }

  /** Until when an evaluation waits, as far as it was seen. */
  until(evaluation: string): string | undefined {
    return this.#waits.get(evaluation)
  }

  /** How many rows there are. */
  get size(): number {
    return this.alloc.size + this.node.size + this.job.size + this.deployment.size + this.service.size + this.blocked.size
  }

  #put(row: Row): void {
    const key = keyOf(row)
    switch (row.kind) {
      case 'alloc':
        return void this.alloc.set(key, this.#compact(row))
      case 'node':
        return void this.node.set(key, row)
      case 'job':
        return void this.job.set(key, row)
      case 'deployment':
        return void this.deployment.set(key, row)
      case 'service':
        return void this.service.set(key, row)
      case 'blocked':
        return void this.blocked.set(key, row)
    }
  }

  #compact(row: AllocRow): AllocRow {
    const share = (text: string): string => this.#share(text)
    const tasks = row.tasks.length === 0 ? row.tasks : row.tasks.map((task) => ({ ...task, name: share(task.name), state: share(task.state) }))
    return {
      ...row,
      namespace: share(row.namespace),
      job: share(row.job),
      group: share(row.group),
      node: share(row.node),
      nodeName: share(row.nodeName),
      client: share(row.client),
      desired: share(row.desired),
      why: share(row.why),
      eval: share(row.eval),
      deployment: share(row.deployment),
      attempt: share(row.attempt),
      tasks,
    }
  }

  #share(text: string): string {
    const known = this.#shared.get(text)
    if (known !== undefined) return known
    if (this.#shared.size > SHARED) this.#shared = new Map()
    this.#shared.set(text, text)
    return text
  }
}

/** The key of a row among its kind. */
export function keyOf(row: Row): string {
  switch (row.kind) {
    case 'job':
    case 'service':
      return `${row.namespace}/${row.id}`
    case 'blocked':
      return `${row.namespace}/${row.job}\n${row.shortage.group}`
    case 'alloc':
    case 'node':
    case 'deployment':
      return row.id
  }
}

/** What is remembered of an allocation after a report: none of its history but which of it was judged. */
export function allocRow(before: AllocRow | null, after: AllocRecord, cause: AllocRow['cause']): AllocRow {
  const { says: _says, createdAt: _createdAt, modifiedAt: _modifiedAt, tasks, ...body } = after
  return {
    ...body,
    cause,
    // A list shows neither of these; what the stream told of them stays.
    previous: body.previous === '' ? (before?.previous ?? '') : body.previous,
    deployment: body.deployment === '' ? (before?.deployment ?? '') : body.deployment,
    version: body.version ?? before?.version ?? null,
    tasks: tasks.map((task) => ({ name: task.name, state: task.state, restarts: task.restarts, seen: judgedTimes(task) })),
  }
}

/** A row as the journal keeps it. */
export function stateRow(row: Row): StateRow {
  return { kind: row.kind, key: keyOf(row), value: row }
}

/** A row as the journal gave it back; null for a kind that this version does not know. */
export function rowOf({ value }: StateRow): Row | null {
  return isRow(value) ? value : null
}

const KINDS = new Set<Json>(['alloc', 'node', 'job', 'deployment', 'service', 'blocked'])

function isRow(value: Json): value is Row {
  return isObject(value) && value['kind'] !== undefined && KINDS.has(value['kind'])
}
