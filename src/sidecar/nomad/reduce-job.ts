import { createHash } from 'node:crypto'
import { isObject } from '../envelope/text.ts'
import type { Json, JsonObject } from '../fact.ts'
import { digitsAt, objectsAt, textAt, wholeAt } from './field.ts'
import type { JobRecord } from './record.ts'

/** Fields of a job that the servers keep about it; what is left is its specification. */
const BOOKKEEPING = new Set([
  'CreateIndex',
  'ModifyIndex',
  'JobModifyIndex',
  'Version',
  'VersionTag',
  'Status',
  'StatusDescription',
  'Stable',
  'SubmitTime',
  'NomadTokenID',
  'ConsulToken',
  'VaultToken',
  'Stop',
  'UI',
])

/** Makes the record of a job. */
export function reduceJob(job: JsonObject, isDeleted = false): JobRecord {
  const groups = objectsAt(job, 'TaskGroups')
  return {
    kind: 'job',
    id: textAt(job, 'ID'),
    namespace: textAt(job, 'Namespace'),
    version: wholeAt(job, 'Version'),
    status: textAt(job, 'Status'),
    isStopped: job['Stop'] === true,
    isDeleted,
    parent: textAt(job, 'ParentID'),
    accessor: textAt(job, 'NomadTokenID'),
    digest: digestOf(job),
    counts: Object.fromEntries(groups.map((group) => [textAt(group, 'Name'), wholeAt(group, 'Count')])),
    submittedAt: digitsAt(job, 'SubmitTime'),
    specified: wholeAt(job, 'JobModifyIndex'),
    created: wholeAt(job, 'CreateIndex'),
    modified: wholeAt(job, 'ModifyIndex'),
  }
}

/** Digest of canonical JSON: the bytes of one and the same object differ on every connection. */
function digestOf(job: JsonObject): string {
  const specification = Object.fromEntries(Object.entries(job).filter(([key]) => !BOOKKEEPING.has(key)))
  const groups = objectsAt(job, 'TaskGroups').map((group) => Object.fromEntries(Object.entries(group).filter(([key]) => key !== 'Count')))
  return createHash('sha256')
    .update(canonical({ ...specification, TaskGroups: groups }))
    .digest('hex')
    .slice(0, 16)
}

/** Keys sorted; null, empty and left out are one and the same, as the stream and the API differ in them. */
function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (!isObject(value)) return JSON.stringify(value)
  const kept = Object.entries(value).filter(([, one]) => !isNothing(one))
  return `{${kept
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`)
    .join(',')}}`
}

function isNothing(value: Json): boolean {
  if (value === null || value === '' || value === 0 || value === false) return true
  if (Array.isArray(value)) return value.length === 0
  return isObject(value) && Object.values(value).every(isNothing)
}
