import type { Json } from '../fact.ts'
import type { StateRow } from '../source.ts'
import type { Agent, Edit, Flap, GoneInstance, GoneMember, Health, KnownInstance, KnownMember } from './record.ts'

// Rows are lists, not objects: a datacenter has thousands of them and each is written, read and kept in memory.

/** The row that an edit puts into the journal's state; null where it forgets. */
export function rowOf(edit: Edit): Json {
  if (edit.value === null) return null
  switch (edit.kind) {
    case 'instance':
      return packInstance(edit.value)
    case 'gone':
      return [packInstance(edit.value), edit.value.goneAt, edit.value.cause, edit.value.confidence, edit.value.isUntold]
    case 'member':
      return packMember(edit.value)
    case 'goneMember':
      return [packMember(edit.value), edit.value.goneAt, edit.value.cause, edit.value.instances.map(packInstance)]
    case 'flap':
      return [edit.value.falls, edit.value.toldAt, edit.value.held]
  }
}

/** The edit that brings a row of the journal's state back; a row that this version did not write is an error. */
export function editOf({ kind, key, value }: StateRow): Edit {
  switch (kind) {
    case 'instance':
      return { kind, key, value: unpackInstance(value) }
    case 'gone':
      return { kind, key, value: unpackGone(value) }
    case 'member':
      return { kind, key, value: unpackMember(value) }
    case 'goneMember':
      return { kind, key, value: unpackGoneMember(value) }
    case 'flap':
      return { kind, key, value: unpackFlap(value) }
    default:
      throw new TypeError(`a remembered row of Consul has the kind ${JSON.stringify(kind)}; expected instance, gone, member, goneMember or flap; the journal is another version's`)
  }
}

function packInstance(one: KnownInstance): Json {
  return [one.node, one.id, one.name, one.partition, one.namespace, one.health, one.index, one.created, one.isNodeHeld, one.reapAfter, one.since]
}

function unpackInstance(value: Json): KnownInstance {
  const [node, id, name, partition, namespace, health, index, created, isNodeHeld, reapAfter, since] = list(value)
  return {
    node: text(node),
    id: text(id),
    name: text(name),
    partition: text(partition),
    namespace: text(namespace),
    health: oneOf<Health>(health, ['passing', 'warning', 'critical', 'maintenance', 'unchecked']),
    index: number(index),
    created: number(created),
    isNodeHeld: isNodeHeld === true,
    reapAfter: number(reapAfter),
    since: since === null ? null : number(since),
  }
}

function unpackGone(value: Json): GoneInstance {
  const [instance, goneAt, cause, confidence, isUntold] = list(value)
  return {
    ...unpackInstance(instance ?? null),
    goneAt: number(goneAt),
    cause: oneOf<GoneInstance['cause']>(cause, ['explicit', 'critical_timeout', 'node_returned', 'reverted']),
    confidence: oneOf<GoneInstance['confidence']>(confidence, ['proved', 'inferred', 'suspected']),
    isUntold: isUntold === true,
  }
}

function packMember(one: KnownMember): Json {
  return [one.node, one.partition, one.agent, one.index, one.created, one.since]
}

function unpackMember(value: Json): KnownMember {
  const [node, partition, agent, index, created, since] = list(value)
  return {
    node: text(node),
    partition: text(partition),
    agent: oneOf<Agent>(agent, ['passing', 'critical', 'unwatched']),
    index: number(index),
    created: number(created),
    since: since === null ? null : number(since),
  }
}

function unpackGoneMember(value: Json): GoneMember {
  const [member, goneAt, cause, instances] = list(value)
  return {
    ...unpackMember(member ?? null),
    goneAt: number(goneAt),
    cause: oneOf<GoneMember['cause']>(cause, ['graceful', 'reconnect_timeout', 'forced', 'external', 'reverted']),
    instances: list(instances).map(unpackInstance),
  }
}

function unpackFlap(value: Json): Flap {
  const [falls, toldAt, held] = list(value)
  return { falls: list(falls).map(number), toldAt: number(toldAt), held: number(held) }
}

function list(value: Json | undefined): readonly Json[] {
  if (Array.isArray(value)) return value
  throw misfit('a list', value)
}

function text(value: Json | undefined): string {
  if (typeof value === 'string') return value
  throw misfit('text', value)
}

function number(value: Json | undefined): number {
  if (typeof value === 'number') return value
  throw misfit('a number', value)
}

function oneOf<T extends string>(value: Json | undefined, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value)
  if (found !== undefined) return found
  throw misfit(allowed.join(' or '), value)
}

function misfit(expected: string, found: Json | undefined): TypeError {
  return new TypeError(`a remembered row of Consul holds ${JSON.stringify(found)}; expected ${expected}; the journal is another version's or damaged`)
}
