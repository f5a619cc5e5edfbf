import { missingAlloc, missingBlocked, missingJob, missingNode, missingRows, missingService } from './absence.ts'
import { readKeys, readRecords, readServices, type Listed } from './lists.ts'
import { keyOf, type Row } from './memory.ts'
import type { Moment } from './finding.ts'
import type { Step } from './judge.ts'
import type { Region } from './region.ts'
import { proveGone } from './prove-jobs.ts'

/** Every so many audits the long lists are read too. */
const THOROUGH = 10

/** Looks for what the stream never tells: nodes that were removed, jobs that are gone, rows that Nomad has collected. */
export async function audit(region: Region, proveRights: () => Promise<void>, signal: AbortSignal): Promise<void> {
  const isThorough = region.counters.audits % THOROUGH === THOROUGH - 1
  region.counters.audits += 1
  const { memory, api } = region
  const keysOf = (name: 'node' | 'job' | 'deployment' | 'alloc') => (): Promise<Listed> => readKeys(api, signal, name)
  const steps = [
    () => look(region, memory.node, keysOf('node'), proveRights, missingNode),
    () => look(region, memory.job, keysOf('job'), proveRights, (row, moment) => missingJob(memory, row, moment), (rows) => proveGone(api, rows, signal)),
    () => look(region, memory.blocked, () => readBlocked(region, signal), proveRights, (row) => missingBlocked(memory, row)),
    ...(isThorough
      ? [
          () => look(region, memory.alloc, keysOf('alloc'), proveRights, missingAlloc),
          () => look(region, memory.deployment, keysOf('deployment'), proveRights, (row) => ({ findings: [], puts: [], deletes: [row] })),
          () => look(region, memory.service, () => readServices(api, signal, async () => undefined), proveRights, (row, moment) => missingService(memory, row, moment)),
        ]
      : []),
  ]
  for (const step of steps) await step()
  await region.exclusive(() => region.save())
}

/** Compares what is remembered with a list; what is missing in it must be missing in a second one, read after the proof that nothing is hidden. */
async function look<R extends Row>(region: Region, rows: ReadonlyMap<string, R>, read: () => Promise<Listed>, proveRights: () => Promise<void>, judge: (row: R, moment: Moment) => Step, proveGoneRows: (rows: readonly R[]) => Promise<void> = async () => undefined): Promise<void> {
  if (rows.size === 0) return
  const first = missingRows(rows, await read(), false)
  if (first.length === 0) return
  await proveRights()
  const second = await read()
  await proveGoneRows(missingRows(rows, second, false))
  await region.exclusive(async () => {
    const suspects = new Set(first.map(keyOf))
    for (const row of missingRows(rows, second, false).filter((one) => suspects.has(keyOf(one)))) {
      const moment = region.moment({ origin: 'audit', index: second.index })
      region.lay(judge(row, moment), moment)
      if (region.desk.isFull) await region.desk.write()
    }
  })
}

async function readBlocked(region: Region, signal: AbortSignal): Promise<Listed> {
  const keys = new Set<string>()
  const { index } = await readRecords(region.api, signal, 'blocked', async (records) => {
    for (const record of records) if (record.kind === 'eval') for (const { group } of record.short) keys.add(`${record.namespace}/${record.job}\n${group}`)
  })
  return { keys, index }
}
