/** Health of an instance: the worst of its checks. */
export type Health = 'passing' | 'warning' | 'critical' | 'maintenance' | 'unchecked'

/** One instance as an answer shows it. */
export interface Instance {
  readonly node: string
  readonly id: string
  readonly name: string
  readonly partition: string
  readonly namespace: string
  readonly health: Health
  /** Index of the write that decided this health. */
  readonly index: number
  /** Index of the write that made it: the same on every server for as long as it lives. */
  readonly created: number
  /** True when its node is in maintenance, not itself. */
  readonly isNodeHeld: boolean
  /** Seconds of critical after which its agent removes it; 0 when the catalogue does not say. */
  readonly reapAfter: number
}

/** Health of the agent of a node. */
export type Agent = 'passing' | 'critical' | 'unwatched'

/** One node as the answers show it. */
export interface Member {
  readonly node: string
  readonly partition: string
  readonly agent: Agent
  /** Index of the write that decided this health; of the node's own making where nobody watches it. */
  readonly index: number
  readonly created: number
}

/** What is true of the catalogue at one moment, as far as the answers say. */
export interface View {
  readonly instances: ReadonlyMap<string, Instance>
  readonly members: ReadonlyMap<string, Member>
}

/** What is remembered of an instance that stands in the catalogue. */
export interface KnownInstance extends Instance {
  /** When this health began, by our clock; null when that was before we looked. */
  readonly since: number | null
}

/** An instance that is gone and whose quiet time runs. */
export interface GoneInstance extends KnownInstance {
  /** When its absence was proved first, by our clock. */
  readonly goneAt: number
  readonly cause: 'explicit' | 'critical_timeout' | 'node_returned' | 'reverted'
  readonly confidence: 'proved' | 'inferred' | 'suspected'
  /** True when no unsettled fact told of it, so nothing is to be taken back. */
  readonly isUntold: boolean
}

/** What is remembered of a node. */
export interface KnownMember extends Member {
  readonly since: number | null
}

/** A node that is gone and whose quiet time runs, with what went with it. */
export interface GoneMember extends KnownMember {
  readonly goneAt: number
  readonly cause: 'graceful' | 'reconnect_timeout' | 'forced' | 'external' | 'reverted'
  readonly instances: readonly KnownInstance[]
}

/** How often an instance fell lately. */
export interface Flap {
  /** When it fell, by our clock; those within the window only. */
  readonly falls: readonly number[]
  /** When `flapping` was told last; 0 when it was not. */
  readonly toldAt: number
  /** Facts that were held back since. */
  readonly held: number
}

/** Everything that is remembered of a datacenter. */
export interface Known {
  readonly instance: ReadonlyMap<string, KnownInstance>
  readonly gone: ReadonlyMap<string, GoneInstance>
  readonly member: ReadonlyMap<string, KnownMember>
  readonly goneMember: ReadonlyMap<string, GoneMember>
  readonly flap: ReadonlyMap<string, Flap>
}

/** Kinds of remembered rows, as the journal's state has them. */
export type Kind = keyof Known
/** What is remembered of one object of a kind. */
export type Value<K extends Kind> = Known[K] extends ReadonlyMap<string, infer V> ? V : never

/** One row that changes; null forgets it. */
export type Edit = { readonly [K in Kind]: { readonly kind: K; readonly key: string; readonly value: Value<K> | null } }[Kind]

/** The rows that are remembered, with what is new put over them. */
export type Memory = { readonly [K in Kind]: Map<string, Value<K>> }

/** A memory without a row. */
export function emptyMemory(): Memory {
  return { instance: new Map(), gone: new Map(), member: new Map(), goneMember: new Map(), flap: new Map() }
}

/** Writes edits into a memory. */
export function remember(memory: Memory, edits: readonly Edit[]): void {
  for (const edit of edits) write(memory, edit)
}

function write(memory: Memory, edit: Edit): void {
  if (edit.value === null) return void memory[edit.kind].delete(edit.key)
  switch (edit.kind) {
    case 'instance':
      return void memory.instance.set(edit.key, edit.value)
    case 'gone':
      return void memory.gone.set(edit.key, edit.value)
    case 'member':
      return void memory.member.set(edit.key, edit.value)
    case 'goneMember':
      return void memory.goneMember.set(edit.key, edit.value)
    case 'flap':
      return void memory.flap.set(edit.key, edit.value)
  }
}

/** The key of an instance: unlike that of any other in the datacenter. */
export function instanceKey({ partition, namespace, node, id }: Pick<Instance, 'partition' | 'namespace' | 'node' | 'id'>): string {
  return [partition, namespace, node, id].map(encodeURIComponent).join('/')
}

/** The key of a node. */
export function memberKey({ partition, node }: Pick<Member, 'partition' | 'node'>): string {
  return [partition, node].map(encodeURIComponent).join('/')
}
