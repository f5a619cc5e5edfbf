import type { regressions } from './cursor.ts'
import { epochName } from './cursor.ts'
import type { Unreadable } from './lists.ts'
import type { Region } from './region.ts'

/** Nomad collects ended allocations and evaluations after this; what ended longer ago may have left no trace. */
const KEPT = 3_600_000

/** Tells that the servers began anew: a list's own index is lower than it was. */
export function judgeEpoch(region: Region, back: ReturnType<typeof regressions>, era: number): void {
  const [first] = back
  if (first === undefined) return
  const names = back.map(({ name, from, to }) => `${name} ${from} -> ${to}`).join(', ')
  region.desk.say({ verb: 'epoch', mark: `${era}:${first.from}:${first.to}`, cause: 'restore', detail: `${epochName('', era).slice(1)}. epoch of this region; lists went back: ${names}`, from: first.from, to: first.to, count: back.length }, first.to, region.api.address)
}

/** Tells that the stream does not prove that it goes on where it was left, and that the lists were read instead. */
export function sayReread(region: Region, from: number, to: number, detail: string): void {
  region.counters.gaps += 1
  region.desk.say({ verb: 'reread', mark: `${region.cursor?.era ?? 1}:${from}:${to}`, cause: 'no_proof', detail, from, to }, to, region.api.address)
}

/** Tells that the stream does not go on where it was left. */
export function sayGap(region: Region, cause: 'buffer_overrun' | 'unreadable' | 'journal_new', from: number, to: number, detail: string): void {
  region.counters.gaps += 1
  region.desk.say({ verb: 'gap', mark: `${region.cursor?.era ?? 1}:${from}:${to}:${cause}`, cause, detail, from, to }, to, region.api.address)
}

/** Tells that the lists may not hold everything that happened in a gap: too long ago, or traces are missing. */
export function sayUnrecoverable(region: Region, gap: { readonly from: number; readonly to: number; readonly heard: number }, lost: number): void {
  const now = Date.now()
  const isLong = gap.heard > 0 && now - gap.heard > KEPT
  if (!isLong && lost === 0) return
  const window = `not read from ${new Date(gap.heard).toISOString()} to ${new Date(now).toISOString()}`
  const detail = lost > 0 ? `${window}; ${lost} allocations that ran are forgotten by Nomad` : `${window}, longer than Nomad keeps what has ended`
  region.desk.say({ verb: 'gap_unrecoverable', mark: `${region.cursor?.era ?? 1}:${gap.from}:${gap.to}`, cause: 'collected', detail, from: gap.from, to: gap.to, count: lost }, gap.to, region.api.address)
}

/** Tells of an object that is left out because its answer cannot be read, once for each of its changes. */
export function sayUnreadable(region: Region, { what, modified, reason }: Unreadable): void {
  region.counters.unreadable += 1
  region.desk.say({ verb: 'dead_letter', mark: `${region.cursor?.era ?? 1}:${what}:${modified}`, cause: 'unreadable', detail: `${what} is left out: ${reason}`, count: 1 }, modified, region.api.address)
}
