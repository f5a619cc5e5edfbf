import { isObject } from '../envelope/text.ts'
import type { Json, JsonObject } from '../fact.ts'
import type { Agent, Health } from './record.ts'

// These run beside the parser, so that the main thread never sees the megabytes that a busy catalogue answers with.

/** One instance in a reduced answer: node, id, name, partition, namespace, health, index, created, isNodeHeld, reapAfter. */
export type InstanceRow = readonly [string, string, string, string, string, Health, number, number, boolean, number]
/** One agent in a reduced answer: node, partition, health, index. */
export type AgentRow = readonly [string, string, Agent, number]
/** One node in a reduced answer: node, partition, created. */
export type MemberRow = readonly [string, string, number]

/** Folds `health/state/any` into one row per instance and one per agent; outputs, notes and definitions are noise. */
export function reduceChecks(body: Json): Json {
  const checks = rows(body).map(readCheck)
  const held = new Map(checks.filter((check) => check.id === '_node_maintenance' && check.status === 'critical').map((check) => [`${check.partition}/${check.node}`, check]))
  const groups = new Map<string, Check[]>()
  const agents: AgentRow[] = []
  for (const check of checks) {
    if (check.service !== '') add(groups, JSON.stringify([check.partition, check.namespace, check.node, check.service]), check)
    else if (check.id === 'serfHealth') agents.push([check.node, check.partition, check.status === 'passing' ? 'passing' : 'critical', check.modified])
  }
  const instances = [...groups.values()].flatMap((group) => fold(group, held) ?? [])
  return { instances, agents }
}

/** Folds `health/service/<name>` as the checks are folded; an instance without a check of its own is there all the same. */
export function reduceHealth(body: Json): Json {
  const entries = rows(body)
  const checks = entries.flatMap((entry) => rows(entry['Checks']))
  const alone = entries.filter((entry) => rows(entry['Checks']).every((check) => text(check, 'ServiceID') === '')).flatMap(bareEntry)
  const folded = reduceChecks([...new Map(checks.map((check) => [JSON.stringify([check['Node'], check['CheckID'], check['ServiceID'], check['Namespace'], check['Partition']]), check])).values()])
  const instances = isObject(folded) && Array.isArray(folded['instances']) ? folded['instances'] : []
  return { instances: [...instances, ...alone], agents: [] }
}

/** The names in `catalog/services`. */
export function reduceNames(body: Json): Json {
  return isObject(body) ? Object.keys(body).toSorted() : []
}

/** The nodes in `catalog/nodes`. */
export function reduceNodes(body: Json): Json {
  return rows(body).map((node): MemberRow => [text(node, 'Node'), text(node, 'Partition') || 'default', number(node, 'CreateIndex')])
}

/** The instances in `catalog/service/<name>`, without their health. */
export function reduceInstances(body: Json): Json {
  return rows(body).map((one): InstanceRow => bare(one, text(one, 'Node'), text(one, 'ServiceID'), text(one, 'ServiceName')))
}

/** The instances in `catalog/node-services/<node>`, without their health. */
export function reduceNodeServices(body: Json): Json {
  const node = isObject(body) && isObject(body['Node']) ? text(body['Node'], 'Node') : ''
  return isObject(body) ? rows(body['Services']).map((one): InstanceRow => bare(one, node, text(one, 'ID'), text(one, 'Service'))) : []
}

/** Who a token is: its accessor. */
export function reduceSelf(body: Json): Json {
  return isObject(body) ? text(body, 'AccessorID') : ''
}

interface Check {
  readonly node: string
  readonly id: string
  readonly status: string
  readonly service: string
  readonly name: string
  readonly partition: string
  readonly namespace: string
  readonly created: number
  readonly modified: number
  readonly reapAfter: number
}

function readCheck(check: JsonObject): Check {
  const definition = check['Definition']
  return {
    node: text(check, 'Node'),
    id: text(check, 'CheckID'),
    status: text(check, 'Status'),
    service: text(check, 'ServiceID'),
    name: text(check, 'ServiceName'),
    partition: text(check, 'Partition') || 'default',
    namespace: text(check, 'Namespace') || 'default',
    created: number(check, 'CreateIndex'),
    modified: number(check, 'ModifyIndex'),
    reapAfter: isObject(definition) ? seconds(text(definition, 'DeregisterCriticalServiceAfter')) : 0,
  }
}

/**
 * The worst check decides. Among several that are equally bad the one that fell first does: whoever looks later, when a second one has
 * fallen too, comes to the same index.
 */
function fold(group: readonly Check[], held: ReadonlyMap<string, Check>): readonly InstanceRow[] | undefined {
  const [first] = group
  if (first === undefined) return undefined
  const real = group.filter(({ id }) => !id.startsWith('_service_maintenance:'))
  const operator = group.find(({ id, status }) => id.startsWith('_service_maintenance:') && status === 'critical')
  const nodeHeld = held.get(`${first.partition}/${first.node}`)
  const made = real.length === 0 ? 0 : Math.min(...real.map(({ created }) => created))
  const reapAfter = Math.max(...group.map((check) => check.reapAfter))
  const row = (health: Health, index: number, isNodeHeld = false): readonly InstanceRow[] => [[first.node, first.service, first.name, first.partition, first.namespace, health, index, made, isNodeHeld, reapAfter]]
  if (operator !== undefined) return row('maintenance', operator.modified)
  if (nodeHeld !== undefined) return row('maintenance', nodeHeld.modified, true)
  if (real.length === 0) return undefined
  for (const health of ['critical', 'warning'] as const) {
    const bad = real.filter(({ status }) => (health === 'critical' ? status !== 'warning' && status !== 'passing' : status === 'warning'))
    if (bad.length > 0) return row(health, Math.min(...bad.map(({ modified }) => modified)))
  }
  return row('passing', Math.max(...real.map(({ modified }) => modified)))
}

function bareEntry({ Node: node, Service: service }: JsonObject): readonly InstanceRow[] {
  return isObject(node) && isObject(service) ? [bare(service, text(node, 'Node'), text(service, 'ID'), text(service, 'Service'))] : []
}

function bare(one: JsonObject, node: string, id: string, name: string): InstanceRow {
  const created = number(one, 'CreateIndex')
  return [node, id, name, text(one, 'Partition') || 'default', text(one, 'Namespace') || 'default', 'unchecked', created, created, false, 0]
}

/** Go's way to write a span of time, such as `1m30s`, in seconds. */
function seconds(span: string): number {
  const units = new Map([
    ['h', 3600],
    ['m', 60],
    ['s', 1],
  ])
  return [...span.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g)].reduce((sum, [, amount = '0', unit = '']) => sum + Number(amount) * (units.get(unit) ?? 0), 0)
}

function add(groups: Map<string, Check[]>, key: string, check: Check): void {
  const group = groups.get(key)
  if (group === undefined) groups.set(key, [check])
  else group.push(check)
}

function rows(body: Json | undefined): readonly JsonObject[] {
  return Array.isArray(body) ? body.filter((one: Json) => isObject(one)) : []
}

function text(row: JsonObject, key: string): string {
  const value = row[key]
  return typeof value === 'string' ? value : ''
}

function number(row: JsonObject, key: string): number {
  const value = row[key]
  return typeof value === 'number' ? value : 0
}
