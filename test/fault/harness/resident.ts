import { readFileSync } from 'node:fs'
import { until } from './until.ts'

/** What a process keeps in memory, in bytes. */
export interface Resident {
  /** Everything that is mapped and present, as VmRSS counts it: also the program's own pages, which all processes of it share. */
  readonly resident: number
  /** The same with shared pages divided among those who share them. */
  readonly proportional: number
  /** What no file stands behind: heaps, stacks, caches. */
  readonly anonymous: number
  /** The most that was ever resident. */
  readonly peak: number
}

/** Seconds without a change that count as rest: more than two looks of the sidecar at its own heaps. */
const REST = 12
const MEGABYTE = 2 ** 20

/** Waits until a process has kept the same memory for a while, to the megabyte, and says what it keeps. */
export async function residentAtRest(pid: number): Promise<Resident> {
  const seen: number[] = []
  return until('the memory is at rest', () => {
    const now = residentNow(pid)
    seen.push(now.resident)
    const last = seen.slice(-REST)
    return last.length === REST && Math.max(...last) - Math.min(...last) < MEGABYTE ? now : undefined
  }, 120_000, 1_000)
}

/** What a process keeps at this moment. */
export function residentNow(pid: number): Resident {
  const said = `${readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')}${readFileSync(`/proc/${pid}/status`, 'utf8')}`
  const of = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(said)?.[1] ?? Number.NaN) * 1024
  return { resident: of('Rss'), proportional: of('Pss'), anonymous: of('Anonymous'), peak: of('VmHWM') }
}
