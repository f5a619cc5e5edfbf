import { isMassive, missingAlloc, missingBlocked, missingJob, missingNode, missingRows, missingService, unfinished } from './absence.ts'
import { highest, type Cursor } from './cursor.ts'
import { judgeEpoch, sayUnreadable } from './self-facts.ts'
import { readJobs, readNodes, readRecords, readServices, withPrevious, type Listed, type Unreadable } from './lists.ts'
import type { Moment } from './finding.ts'
import type { Step } from './judge.ts'
import { keyOf, type Row } from './memory.ts'
import type { Region } from './region.ts'
import type { Back } from './went-back.ts'
import { proveGone } from './prove-jobs.ts'
import { firstMissed } from './judge-job.ts'
import type { AllocRecord, JobRecord, NomadRecord } from './record.ts'

/** Why everything is read anew, and what of it is told. */
export interface Reason {
  /** `baseline`: nothing is known yet, and nothing is told. `inherited`: told is what changed after an index. `known`: told is every difference. */
  readonly mode: 'baseline' | 'inherited' | 'known'
  /** For `inherited`: what is not younger than this was told by the one before us. */
  readonly after?: number
  /** Whether the stream has just proved that the token sees everything; without it a mass of absences is not believed. */
  readonly isProved: boolean
  /** Lists that went back, as was made sure of. */
  readonly back?: Back
}

/** What a resync came to. */
export interface Resynced {
  readonly isNewEpoch: boolean
  /** Allocations that were running when last seen and that Nomad does not know any more. */
  readonly lost: number
}

/** Reads every list and tells the difference to what is remembered; the stream must be open before, so that nothing falls between. `begin` is where the lists were then. */
export async function resync(region: Region, reason: Reason, begin: Cursor['lists'], signal: AbortSignal): Promise<Resynced> {
  const before = region.cursor
  // A comparison that was cut off has told them.
  const back = before === null || before.isReverting === true ? [] : (reason.back ?? [])
  const era = (before?.era ?? 1) + (back.length > 0 ? 1 : 0)
  if (before !== null && back.length > 0) {
    region.move({ ...before, era, lists: {}, reached: {}, isReverting: true })
    judgeEpoch(region, back, era)
    await region.save()
  }
  // A comparison that was cut off goes on as what it was.
  const isReverted = region.cursor?.isReverting === true
  const reading = new Reading(region, reason, signal, isReverted, before?.index ?? 0)
  const lists = await reading.all()
  await reading.proveAbsences()
  const lost = reading.absences()
  // What every list shows is everything up to the highest index that any had before the first was read.
  const index = Math.max(...Object.values(begin), isReverted ? 0 : (before?.index ?? 0))
  region.move({ index, era, lists, reached: highest(lists, isReverted ? {} : (before?.reached ?? {})), heard: Date.now() })
  await region.save()
  region.counters.resyncs += 1
  return { isNewEpoch: back.length > 0, lost }
}

/** Index of what a record tells: a change of a job's status alone is nothing. */
function changeOf(record: NomadRecord): number {
  return record.kind === 'job' ? record.specified : record.modified
}

const REMEMBERED = ['job', 'alloc', 'node', 'service', 'blocked', 'deployment'] as const
type Remembered = (typeof REMEMBERED)[number]

class Reading {
  readonly #region: Region
  readonly #reason: Reason
  readonly #signal: AbortSignal
  readonly #isReverted: boolean
  readonly #since: number
  readonly #listed = new Map<Remembered, Listed>()

  constructor(region: Region, reason: Reason, signal: AbortSignal, isReverted: boolean, since: number) {
    this.#region = region
    this.#reason = reason
    this.#signal = signal
    this.#isReverted = isReverted
    this.#since = since
  }

  /** Nodes first: the judges of allocations ask about drains. */
  async all(): Promise<Cursor['lists']> {
    const { api, memory } = this.#region
    const take = (record: NomadRecord, index: number): Promise<void> => this.#take(record, index)
    const skip = (unreadable: Unreadable): void => sayUnreadable(this.#region, unreadable)
    const node = await readNodes(api, this.#signal, (key, modified) => memory.node.get(key)?.modified === modified, take, skip)
    const job = await readJobs(api, this.#signal, (key, modified) => memory.job.get(key)?.modified === modified, (record) => this.#missedFrom(record), take, skip)
    const deployment = await this.#deployments()
    const alloc = await this.#allocs()
    const blocked = await this.#evaluations()
    const service = await readServices(api, this.#signal, take)
    for (const [name, listed] of [['node', node], ['job', job], ['deployment', deployment], ['alloc', alloc], ['blocked', blocked], ['service', service]] as const) this.#listed.set(name, listed)
    return { node: node.index, job: job.index, deployment: deployment.index, alloc: alloc.index, eval: blocked.index, service: service.index }
  }

  /** Makes sure that the list of jobs hides none. */
  async proveAbsences(): Promise<void> {
    if (this.#reason.mode === 'known') await proveGone(this.#region.api, this.#missing('job', this.#region.memory.job), this.#signal)
  }

  /** Tells what is not there any more; gives how many allocations ended without a trace. */
  absences(): number {
    const { memory } = this.#region
    if (this.#reason.mode !== 'known') return this.#forget()
    // A job takes what belongs to it along, so it comes first.
    const running = unfinished(this.#missing('alloc', memory.alloc))
    for (const row of this.#missing('job', memory.job)) this.#lay('job', (moment) => missingJob(memory, row, moment))
    for (const row of this.#missing('alloc', memory.alloc)) this.#lay('alloc', (moment) => missingAlloc(row, moment))
    for (const row of this.#missing('node', memory.node)) this.#lay('node', (moment) => missingNode(row, moment))
    for (const row of this.#missing('service', memory.service)) this.#lay('service', (moment) => missingService(memory, row, moment))
    for (const row of this.#missing('blocked', memory.blocked)) this.#lay('blocked', () => missingBlocked(memory, row))
    for (const row of this.#missing('deployment', memory.deployment)) this.#lay('deployment', () => ({ findings: [], puts: [], deletes: [row] }))
    return running
  }

  /** What an earlier, unfinished baseline left behind is dropped without a word. */
  #forget(): number {
    for (const name of REMEMBERED) {
      for (const row of this.#missing<Row>(name, this.#region.memory[name])) this.#lay(name, () => ({ findings: [], puts: [], deletes: [row] }))
    }
    return 0
  }

  #missing<R extends Row>(name: Remembered, rows: ReadonlyMap<string, R>): R[] {
    const listed = this.#listed.get(name)
    if (listed === undefined) return []
    const found = missingRows(rows, listed, this.#isReverted)
    if (this.#reason.isProved || !isMassive(found.length, rows.size)) return found
    this.#region.log('warning', 'much is missing in a list, and nothing proves that the token sees everything; it is not believed', { kind: name, missing: found.length, known: rows.size })
    return []
  }

  #lay(name: Remembered, judge: (moment: Moment) => Step): void {
    const moment = this.#moment(this.#listed.get(name)?.index ?? 0)
    this.#region.lay(judge(moment), moment, this.#reason.mode !== 'known')
  }

  #moment(index: number): Moment {
    return this.#region.moment({ origin: 'resync', index, isReverted: this.#isReverted })
  }

  async #take(record: NomadRecord, index: number): Promise<void> {
    const { mode, after = 0 } = this.#reason
    this.#region.take(record, this.#moment(index), new Map(), mode === 'baseline' || (mode === 'inherited' && changeOf(record) <= after))
    if (this.#region.desk.isFull) await this.#region.desk.write()
  }

  /** From which of its versions on a job is told. */
  #missedFrom(job: JobRecord): number {
    const { mode, after = 0 } = this.#reason
    const isSilent = mode === 'baseline' || this.#isReverted || (mode === 'inherited' && job.specified <= after)
    return isSilent ? job.version : firstMissed(this.#region.memory.job.get(keyOf(job)), job)
  }

  async #deployments(): Promise<Listed> {
    const keys = new Set<string>()
    const { index } = await readRecords(this.#region.api, this.#signal, 'deployment', async (records, at) => {
      for (const record of records) {
        if (record.kind !== 'deployment') continue
        keys.add(keyOf(record))
        if (this.#region.memory.deployment.get(record.id)?.modified !== record.modified) await this.#take(record, at)
      }
    })
    return { keys, index }
  }

  /** Only those that changed are kept until all are read: their links are told by the others. */
  async #allocs(): Promise<Listed> {
    const { memory, api } = this.#region
    const keys = new Set<string>()
    const previous = new Map<string, string>()
    const changed: AllocRecord[] = []
    const { index } = await readRecords(api, this.#signal, 'alloc', async (records, at) => {
      for (const record of records) {
        if (record.kind !== 'alloc') continue
        keys.add(record.id)
        if (record.next !== '') previous.set(record.next, record.id)
        if (memory.alloc.get(record.id)?.modified === record.modified) continue
        if (this.#reason.mode === 'baseline') await this.#take(record, at)
        else changed.push(record)
      }
    })
    const all = withPrevious(changed, previous).sort((one, other) => one.modified - other.modified)
    const frame = new Map(all.map((record) => [record.id, record]))
    const { mode, after = 0 } = this.#reason
    for (const record of all) {
      this.#region.take(record, this.#moment(index), frame, mode === 'inherited' && record.modified <= after)
      if (this.#region.desk.isFull) await this.#region.desk.write()
    }
    return { keys, index }
  }

  async #evaluations(): Promise<Listed> {
    const keys = new Set<string>()
    const { index } = await readRecords(this.#region.api, this.#signal, 'blocked', async (records, at) => {
      for (const record of records) {
        if (record.kind !== 'eval') continue
        for (const { group } of record.short) keys.add(`${record.namespace}/${record.job}\n${group}`)
        await this.#take(record, at)
      }
    })
    if (this.#reason.mode !== 'known') return { keys, index }
    await readRecords(this.#region.api, this.#signal, 'failed', async (records, at) => {
      for (const record of records) if (record.modified > this.#since || this.#isReverted) await this.#take(record, at)
    })
    return { keys, index }
  }
}
