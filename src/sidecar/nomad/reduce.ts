import { isObject } from '../envelope/text.ts'
import type { Json, JsonObject } from '../fact.ts'
import { objectAt, objectsAt, textAt, wholeAt } from './field.ts'
import { reduceAlloc } from './reduce-alloc.ts'
import { reduceDeployment, reduceEval, reduceService } from './reduce-eval.ts'
import { reduceJob } from './reduce-job.ts'
import { reduceNode } from './reduce-node.ts'
import type { NomadEvent, NomadRecord } from './record.ts'

/** Makes a record of one event of the stream; null for topics that nobody asked for. */
export function reduceEvent(event: Json): Json {
  if (!isObject(event)) return null
  const topic = textAt(event, 'Topic')
  const record = recordOf(topic, objectAt(event, 'Payload'))
  return record === null ? null : ({ kind: 'event', topic, type: textAt(event, 'Type'), record } satisfies NomadEvent)
}

function recordOf(topic: string, payload: JsonObject): NomadRecord | null {
  switch (topic) {
    case 'Allocation':
      return reduceAlloc(objectAt(payload, 'Allocation'))
    case 'Node':
      return reduceNode(objectAt(payload, 'Node'))
    case 'Evaluation':
      return reduceEval(objectAt(payload, 'Evaluation'))
    case 'Deployment':
      return reduceDeployment(objectAt(payload, 'Deployment'))
    case 'Job':
      return reduceJob(objectAt(payload, 'Job'), payload['Deleted'] === true)
    case 'Service':
      return reduceService(objectAt(payload, 'Service'))
    default:
      return null
  }
}

function listOf(reduce: (row: JsonObject) => Json): (value: Json) => Json {
  return (value) => (Array.isArray(value) ? value.filter((row: Json) => isObject(row)).map(reduce) : [])
}

/** The list of allocations. */
export const reduceAllocs = listOf(reduceAlloc)
/** The list of nodes: what tells whether one changed. */
export const reduceNodes = listOf((node) => ({ id: textAt(node, 'ID'), modified: wholeAt(node, 'ModifyIndex') }))
/** The list of evaluations. */
export const reduceEvals = listOf(reduceEval)
/** The list of deployments. */
export const reduceDeployments = listOf(reduceDeployment)
/** The list of jobs: what tells whether one changed, and whether its specification did. */
export const reduceJobs = listOf((job) => ({ id: textAt(job, 'ID'), namespace: textAt(job, 'Namespace'), modified: wholeAt(job, 'ModifyIndex'), specified: wholeAt(job, 'JobModifyIndex') }))
/** The names of native services: namespace and name each. */
export const reduceServiceNames = (value: Json): Json => {
  if (!Array.isArray(value)) return []
  return value.filter((row: Json) => isObject(row)).flatMap((row: JsonObject) => namesOf(row))
}
/** The instances of one native service. */
export const reduceServices = listOf(reduceService)
/** The ids of a list: key and change. */
export const reduceIds = listOf((row) => ({ id: textAt(row, 'ID'), modified: wholeAt(row, 'ModifyIndex') }))
/** One node, read by itself. */
export const reduceOneNode = (value: Json): Json => (isObject(value) ? reduceNode(value) : null)
/** One job, read by itself. */
export const reduceOneJob = (value: Json): Json => (isObject(value) ? reduceJob(value) : null)
/** The versions of one job that Nomad keeps, the oldest first. */
export const reduceJobVersions = (value: Json): Json =>
  isObject(value)
    ? objectsAt(value, 'Versions')
        .map((job) => reduceJob(job))
        .sort((one, other) => one.version - other.version)
    : []
/** The names of namespaces. */
export const reduceNamespaces = (value: Json): Json => (Array.isArray(value) ? value.filter((row: Json) => isObject(row)).map((row: JsonObject) => textAt(row, 'Name')).sort() : [])
/** What a token may do, without the token. */
export const reduceSelf = (value: Json): Json => (isObject(value) ? { accessor: textAt(value, 'AccessorID'), expires: textAt(value, 'ExpirationTime') } : null)

function namesOf(row: JsonObject): Json[] {
  const services = row['Services']
  return Array.isArray(services) ? services.filter((one: Json) => isObject(one)).map((one: JsonObject) => ({ namespace: textAt(row, 'Namespace'), name: textAt(one, 'ServiceName') })) : []
}
