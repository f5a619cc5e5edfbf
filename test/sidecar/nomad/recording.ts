import { readFileSync } from 'node:fs'
import type { Fact, JsonObject } from '../../../src/sidecar/fact.ts'
import { parseLossless } from '../../../src/sidecar/intake/lossless-json.ts'
import { Desk } from '../../../src/sidecar/nomad/desk.ts'
import type { Moment } from '../../../src/sidecar/nomad/finding.ts'
import { judge } from '../../../src/sidecar/nomad/judge.ts'
import { withPrevious } from '../../../src/sidecar/nomad/lists.ts'
import type { Memory } from '../../../src/sidecar/nomad/memory.ts'
import { isEvent, isRecord, type NomadRecord } from '../../../src/sidecar/nomad/record.ts'
import { reduceAllocs, reduceDeployments, reduceEvals, reduceEvent } from '../../../src/sidecar/nomad/reduce.ts'
import { array, object } from './shape.ts'

// What Nomad 1.11.3 sent while jobs ran, crashed, were changed, purged and preempted, and a client was stopped twice; and its lists at eight
// moments of that. Ids are cut to eight digits, fields that no reducer reads and empty ones are left out.
const RECORDED = read('recorded/stream.ndjson')
/** The moments at which the lists were read. */
export const MOMENTS = read('recorded/lists.ndjson').map((lists) => ({ name: String(lists['Moment']), index: Number(lists['Index']), lists }))
const RULES = { accessors: ['7034ce8f'], quiet: 30_000 }

/** One frame or one reading of the lists, ready to be judged. */
export interface Step {
  readonly step: string
  readonly moment: Moment
  readonly records: readonly (readonly [NomadRecord, Partial<Moment>])[]
}

/** What came of one. */
export interface Told {
  readonly step: string
  readonly facts: readonly Fact[]
}

/** Judges frames as the source does, into a journal that keeps everything. */
export async function replay(memory: Memory, frames: readonly Step[]): Promise<Told[]> {
  const told: Told[] = []
  for (const { step, moment, records } of frames) {
    const facts: Fact[] = []
    const desk = new Desk({ remember: async () => ({ cursor: null, rows: [] }), commit: async (commit) => void facts.push(...commit.facts) }, 'global')
    const allocs = new Map(records.flatMap(([record]) => (record.kind === 'alloc' ? [[record.id, record] as const] : [])))
    for (const [record, more] of records) {
      const found = judge(memory, allocs, record, { ...moment, ...more }, RULES, {})
      memory.apply(found)
      desk.lay(found, { ...moment, ...more })
    }
    await desk.write()
    told.push({ step, facts })
  }
  return told
}

function read(path: string): JsonObject[] {
  return readFileSync(new URL(path, import.meta.url), 'utf8').trimEnd().split('\n').map(parseLossless).map(object)
}

/** A moment of the servers. */
export function momentAt(origin: 'stream' | 'resync', index: number): Moment {
  return { origin, index, topic: '', type: '', server: 's1', now: 1_795_249_446_000, isReverted: false, era: '' }
}

/** The frames of the stream. */
export const frames: readonly Step[] = RECORDED.map((frame) => {
  const index = Number(frame['Index'])
  const events = array(frame['Events']).map(reduceEvent).filter(isEvent)
  return { step: String(frame['Step']), moment: momentAt('stream', index), records: events.map(({ record, topic, type }) => [record, { topic, type }] as const) }
})

/** What a resync reads at this moment: nodes first, jobs with every version, the other lists as they were. */
export function listedAt({ index, lists }: (typeof MOMENTS)[number]): Step {
  const seen = frames.flatMap(({ records }) => records.map(([record]) => record))
  const listed = (name: string): Map<string, number> => new Map(array(lists[name]).map(object).map((row) => [String(row['ID']), Number(row['ModifyIndex'])]))
  const [jobs, nodes] = [listed('jobs'), listed('nodes')]
  // Read by itself, each is as the stream showed it last.
  const versions = [...Map.groupBy(seen.filter((record) => record.kind === 'job').filter((record) => !record.isDeleted && record.modified <= (jobs.get(record.id) ?? 0)), ({ id, specified }) => `${id} ${specified}`).values()].flatMap((all) => all.slice(-1))
  const present = seen.filter((record) => record.kind === 'node').filter((record) => nodes.get(record.id) === record.modified)
  const allocs = array(reduceAllocs(lists['allocations'] ?? [])).filter(isRecord).filter((record) => record.kind === 'alloc')
  const previous = new Map(allocs.filter(({ next }) => next !== '').map(({ next, id }) => [next, id]))
  const rest = [reduceDeployments(lists['deployments'] ?? []), reduceEvals(lists['evaluations'] ?? [])].flatMap((all) => array(all).filter(isRecord))
  const records = [...present, ...versions, ...withPrevious(allocs, previous).sort((one, other) => one.modified - other.modified), ...rest, ...servicesAt(index)]
  return { step: 'lists', moment: momentAt('resync', index), records: records.map((record) => [record, {}] as const) }
}

function servicesAt(index: number): NomadRecord[] {
  const services = new Map<string, NomadRecord>()
  for (const { moment, records } of frames.filter((frame) => frame.moment.index <= index)) {
    for (const [record] of records) {
      if (record.kind !== 'service') continue
      // A removal shows the old record.
      if (record.modified < moment.index) services.delete(record.id)
      else services.set(record.id, record)
    }
  }
  return [...services.values()]
}
