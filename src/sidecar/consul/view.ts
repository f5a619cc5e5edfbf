import { isObject } from '../envelope/text.ts'
import type { Json } from '../fact.ts'
import { instanceKey, memberKey, type Agent, type Health, type Instance, type Member, type View } from './record.ts'

/** The lists that a view is made of, as the reducers left them. */
export interface Lists {
  readonly checks: Json
  readonly nodes: Json
  /** Instances of services without checks, from as many answers as there were. */
  readonly bare: readonly Json[]
}

/** Puts the lists together: what has a check is known by it, the rest by the catalogue. */
export function viewOf({ checks, nodes, bare }: Lists): View {
  const instances = new Map<string, Instance>()
  for (const row of bare.flatMap(rows)) put(instances, instanceOf(row))
  for (const row of rows(field(checks, 'instances'))) put(instances, instanceOf(row))
  const agents = new Map(rows(field(checks, 'agents')).map(([node, partition, agent, index]) => [memberKey({ node: text(node), partition: text(partition) }), { agent: agentOf(agent), index: number(index) }]))
  const members = new Map<string, Member>()
  for (const [node, partition, created] of rows(nodes)) {
    const member = { node: text(node), partition: text(partition), created: number(created) }
    const { agent = 'unwatched', index = member.created } = agents.get(memberKey(member)) ?? {}
    members.set(memberKey(member), { ...member, agent, index })
  }
  return { instances, members }
}

/** The instances in one reduced answer of checks. */
export function instancesOnly(checks: Json): ReadonlyMap<string, Instance> {
  return viewOf({ checks, nodes: null, bare: [] }).instances
}

/** The names of the services in reduced checks that have one. */
export function checkedNames(checks: Json): ReadonlySet<string> {
  return new Set(rows(field(checks, 'instances')).map(([, , name]) => text(name)))
}

/** A reduced list of texts. */
export function textsOf(value: Json): readonly string[] {
  return Array.isArray(value) ? value.map((one: Json) => text(one)) : []
}

function put(instances: Map<string, Instance>, one: Instance): void {
  const key = instanceKey(one)
  const older = instances.get(key)
  instances.set(key, one.created === 0 && older !== undefined ? { ...one, created: older.created } : one)
}

function instanceOf([node, id, name, partition, namespace, health, index, created, isNodeHeld, reapAfter]: readonly Json[]): Instance {
  return {
    node: text(node),
    id: text(id),
    name: text(name),
    partition: text(partition),
    namespace: text(namespace),
    health: healthOf(health),
    index: number(index),
    created: number(created),
    isNodeHeld: isNodeHeld === true,
    reapAfter: number(reapAfter),
  }
}

function healthOf(value: Json | undefined): Health {
  return value === 'passing' || value === 'warning' || value === 'maintenance' || value === 'unchecked' ? value : 'critical'
}

function agentOf(value: Json | undefined): Agent {
  return value === 'passing' ? 'passing' : 'critical'
}

function field(value: Json, key: string): Json {
  return isObject(value) ? (value[key] ?? null) : null
}

function rows(value: Json): readonly (readonly Json[])[] {
  return Array.isArray(value) ? value.filter((one: Json) => Array.isArray(one)) : []
}

function text(value: Json | undefined): string {
  return typeof value === 'string' ? value : ''
}

function number(value: Json | undefined): number {
  return typeof value === 'number' ? value : 0
}
