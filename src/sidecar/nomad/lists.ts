import { isObject } from '../envelope/text.ts'
import { IntakeError } from '../intake/intake-error.ts'
import { indexOf, type Api } from './api.ts'
import { batches } from './batches.ts'
import { LISTS, type Cursor, type ListName } from './cursor.ts'
import type { Json } from '../fact.ts'
import { textAt, wholeAt } from './field.ts'
import { isRecord, type AllocRecord, type JobRecord, type NomadRecord } from './record.ts'

/** Where each list is. */
const PATHS: Readonly<Record<ListName, string>> = {
  node: '/v1/nodes',
  job: '/v1/jobs?namespace=*',
  deployment: '/v1/deployments?namespace=*',
  alloc: '/v1/allocations?namespace=*&task_states=true&resources=false',
  eval: '/v1/evaluations?namespace=*',
  service: '/v1/services?namespace=*',
}
/** What a list said, as far as it was read. */
export interface Listed {
  readonly keys: ReadonlySet<string>
  readonly index: number
}

/** An object that is there, but whose answer cannot be read. */
export interface Unreadable {
  /** Kind and name, such as `job default/web`. */
  readonly what: string
  readonly modified: number
  readonly reason: string
}

/** The index of lists, without their rows. */
export async function readIndexes(api: Api, signal: AbortSignal, names: readonly ListName[] = LISTS): Promise<Cursor['lists']> {
  const found = await Promise.all(
    names.map(async (name) => {
      const { headers } = await api.read(`${PATHS[name]}${PATHS[name].includes('?') ? '&' : '?'}per_page=1`, 'nothing', { signal, timeout: 10_000 })
      return [name, indexOf(headers)] as const
    }),
  )
  return Object.fromEntries(found)
}

/** Reads the nodes; each that changed by itself, because the list shows neither messages nor missed heartbeats. */
export async function readNodes(api: Api, signal: AbortSignal, isKnown: (key: string, modified: number) => boolean, take: (record: NomadRecord, index: number) => Promise<void>, skip: (unreadable: Unreadable) => void): Promise<Listed> {
  return readChanged(api, signal, { path: PATHS.node, reduce: 'nomadNodes', keyOf: ({ id }) => id, isKnown, take, skip, one: ({ id }) => `/v1/node/${id}?`, reduceOne: 'nomadOneNode' })
}

/**
 * Reads the jobs; each that changed by itself, because the list shows no specification. `missed` says from which version on a job is to be told;
 * the versions before the present one are read where they are more than one.
 */
export async function readJobs(api: Api, signal: AbortSignal, isKnown: (key: string, modified: number) => boolean, missed: (job: JobRecord) => number, take: (record: NomadRecord, index: number) => Promise<void>, skip: (unreadable: Unreadable) => void): Promise<Listed> {
  const at = ({ id, namespace }: Row, more = ''): string => `/v1/job/${encodeURIComponent(id)}${more}?namespace=${encodeURIComponent(namespace)}`
  const takeAll = async (record: NomadRecord, index: number): Promise<void> => {
    if (record.kind === 'job' && record.version > missed(record)) for (const version of await readVersions(api, signal, record, missed(record), at(record, '/versions'), skip)) await take(version, index)
    await take(record, index)
  }
  return readChanged(api, signal, { path: PATHS.job, reduce: 'nomadJobs', keyOf: ({ id, namespace }) => `${namespace}/${id}`, isKnown, take: takeAll, skip, one: (row) => `${at(row)}&`, reduceOne: 'nomadOneJob' })
}

/** True when this very job is there, and not another one of its name. */
export async function isThere(api: Api, signal: AbortSignal, { id, namespace, created }: JobRecord): Promise<boolean> {
  const { value } = await api.read(`/v1/job/${encodeURIComponent(id)}?namespace=${encodeURIComponent(namespace)}`, 'nomadOneJob', { signal }).catch(goneAsNull)
  return isRecord(value) && value.kind === 'job' && value.created === created
}

/** The versions of this very job before its present one, as far as Nomad keeps them. */
async function readVersions(api: Api, signal: AbortSignal, job: JobRecord, from: number, path: string, skip: (unreadable: Unreadable) => void): Promise<JobRecord[]> {
  const { value } = await api.read(path, 'nomadJobVersions', { signal }).catch(skipped({ what: `the versions of job ${job.namespace}/${job.id}`, modified: job.modified }, skip))
  const versions = Array.isArray(value) ? value.filter(isRecord).filter((record) => record.kind === 'job') : []
  return versions.filter(({ created, version }) => created === job.created && version >= from && version < job.version)
}

function goneAsNull(thrown: unknown): { readonly value: Json } {
  if (thrown instanceof IntakeError && thrown.status === 404) return { value: null }
  throw thrown
}

/** What is gone is told by the stream; what cannot be read is told and left out: one object must not keep all others from being read. */
function skipped(object: Omit<Unreadable, 'reason'>, skip: (unreadable: Unreadable) => void): (thrown: unknown) => { readonly value: Json } {
  return (thrown) => {
    if (!(thrown instanceof IntakeError) || thrown.code !== 'parse') return goneAsNull(thrown)
    skip({ ...object, reason: thrown.message })
    return { value: null }
  }
}

interface Row {
  readonly id: string
  readonly namespace: string
  readonly modified: number
}
interface Changed {
  readonly path: string
  readonly reduce: 'nomadNodes' | 'nomadJobs'
  readonly keyOf: (row: Row) => string
  readonly isKnown: (key: string, modified: number) => boolean
  readonly take: (record: NomadRecord, index: number) => Promise<void>
  readonly skip: (unreadable: Unreadable) => void
  readonly one: (row: Row) => string
  readonly reduceOne: 'nomadOneNode' | 'nomadOneJob'
}

async function readChanged(api: Api, signal: AbortSignal, { path, reduce, keyOf, isKnown, take, skip, one, reduceOne }: Changed): Promise<Listed> {
  const keys = new Set<string>()
  let lowest = Infinity
  for await (const page of api.pages(path, reduce, signal)) {
    lowest = Math.min(lowest, page.index)
    const rows = page.rows.flatMap((row): Row[] => (isObject(row) ? [{ id: textAt(row, 'id'), namespace: textAt(row, 'namespace'), modified: wholeAt(row, 'modified') }] : []))
    for (const row of rows) keys.add(keyOf(row))
    const changed = rows.filter((row) => !isKnown(keyOf(row), row.modified))
    for await (const records of batches(changed, (row) => readOne(api, signal, one(row), { what: `${reduce === 'nomadJobs' ? 'job' : 'node'} ${keyOf(row)}`, modified: row.modified }, reduceOne, skip))) {
      for (const record of records) if (record !== null) await take(record, page.index)
    }
  }
  return { keys, index: lowest === Infinity ? 0 : lowest }
}

/** Reads one object not older than its row: a server that has not come so far waits until it has. */
async function readOne(api: Api, signal: AbortSignal, path: string, object: Omit<Unreadable, 'reason'>, reduce: 'nomadOneNode' | 'nomadOneJob', skip: (unreadable: Unreadable) => void): Promise<NomadRecord | null> {
  const { value } = await api.read(`${path}index=${Math.max(0, object.modified - 1)}&wait=5s`, reduce, { signal }).catch(skipped(object, skip))
  return isRecord(value) ? value : null
}

/** Reads the records of a list page by page. */
export async function readRecords(api: Api, signal: AbortSignal, name: 'alloc' | 'deployment' | 'blocked' | 'failed', take: (records: readonly NomadRecord[], index: number) => Promise<void>): Promise<{ readonly index: number }> {
  const path = name === 'blocked' || name === 'failed' ? `${PATHS.eval}&status=${name}` : PATHS[name]
  const reduce = name === 'alloc' ? 'nomadAllocs' : name === 'deployment' ? 'nomadDeployments' : 'nomadEvals'
  let lowest = Infinity
  for await (const { rows, index } of api.pages(path, reduce, signal)) {
    lowest = Math.min(lowest, index)
    await take(rows.filter(isRecord), index)
  }
  return { index: lowest === Infinity ? 0 : lowest }
}

/** Reads the instances of all native services. */
export async function readServices(api: Api, signal: AbortSignal, take: (record: NomadRecord, index: number) => Promise<void>): Promise<Listed> {
  const keys = new Set<string>()
  const { value, headers } = await api.read(PATHS.service, 'nomadServiceNames', { signal })
  const names = Array.isArray(value) ? value.filter((row) => isObject(row)) : []
  const instances = batches(names, (row) => {
    const [name, namespace] = ['name', 'namespace'].map((key) => encodeURIComponent(String(isObject(row) ? row[key] : '')))
    return api.read(`/v1/service/${name}?namespace=${namespace}`, 'nomadServices', { signal })
  })
  for await (const answers of instances) {
    for (const record of answers.flatMap((answer) => (Array.isArray(answer.value) ? answer.value.filter(isRecord) : []))) {
      if (record.kind === 'service') keys.add(`${record.namespace}/${record.id}`)
      await take(record, indexOf(headers))
    }
  }
  return { keys, index: indexOf(headers) }
}

/** The keys of a list. */
export async function readKeys(api: Api, signal: AbortSignal, name: 'node' | 'deployment' | 'alloc' | 'job'): Promise<Listed> {
  const { changes, index } = await readChanges(api, signal, name)
  return { keys: new Set(changes.keys()), index }
}

/** The keys of a list, each with the index of its last change; of a job, of its specification's. */
export async function readChanges(api: Api, signal: AbortSignal, name: 'node' | 'deployment' | 'alloc' | 'job'): Promise<{ readonly changes: ReadonlyMap<string, number>; readonly index: number }> {
  const changes = new Map<string, number>()
  let lowest = Infinity
  const path = name === 'alloc' ? '/v1/allocations?namespace=*&task_states=false&resources=false' : PATHS[name]
  for await (const { rows, index } of api.pages(path, name === 'job' ? 'nomadJobs' : 'nomadIds', signal)) {
    lowest = Math.min(lowest, index)
    for (const row of rows) {
      if (!isObject(row)) continue
      if (name === 'job') changes.set(`${textAt(row, 'namespace')}/${textAt(row, 'id')}`, wholeAt(row, 'specified'))
      else changes.set(textAt(row, 'id'), wholeAt(row, 'modified'))
    }
  }
  return { changes, index: lowest === Infinity ? 0 : lowest }
}

/** Rebuilds what a list leaves out: which allocation each one replaces, told by the one that is replaced. */
export function withPrevious(records: readonly AllocRecord[], previous: ReadonlyMap<string, string>): AllocRecord[] {
  return records.map((record) => ({ ...record, previous: record.previous || (previous.get(record.id) ?? '') }))
}
