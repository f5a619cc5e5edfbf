import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Scene } from '../../fault/harness/scene.ts'
import type { Station } from '../../fault/harness/station.ts'
import type { Generator } from './generator.ts'
import { identity } from './identity.ts'
import type { Receiving } from './receiving.ts'
import { round, spread, type Spread } from './statistics.ts'

/** What one rate of events did. */
export interface Flow {
  /** Events per second that were asked for, and that the double really said. */
  readonly asked: number
  readonly said: number
  /** Events that were said, and rows of the inbox that came of them, counting what a coalesced row stands for. */
  readonly sent: number
  readonly rows: number
  /** Rows per second between the first and the last. */
  readonly perSecond: number
  /** Milliseconds from the server's write to the commit in the inbox, and to an observer of the bus. */
  readonly inbox: Spread
  readonly bus: Spread
  /** Bytes of the stream and resident bytes of the sidecar. */
  readonly bytes: number
  readonly resident: number
}

/** Sends events at a rate through the sidecar and the engine, and follows each one to inbox and bus. */
export async function measureFlow(scene: Scene, load: Generator, here: Pick<Station, 'sidecar'>, receiving: Receiving, rate: number, seconds: number): Promise<Flow> {
  const file = join(scene.place('sent'), 'times')
  const after = receiving.last()
  const { sent, milliseconds, bytes } = await load.load(rate, seconds, file)
  await receiving.holds(after, sent, 60_000)
  const resident = await here.sidecar.metric('process_resident_memory_bytes')
  const rows = receiving.arrived(after)
  const times = sentTimes(file)
  const bus = await onBus(receiving, rows.at(-1)?.id ?? '')
  const toInbox: number[] = []
  const toBus: number[] = []
  for (const { id, alloc, restarts, received } of rows) {
    const said = times.get(`${alloc} ${restarts}`)
    if (said === undefined) continue
    toInbox.push(received - said)
    const heard = bus.get(id)
    if (heard !== undefined) toBus.push(heard - said)
  }
  const between = ((rows.at(-1)?.received ?? 0) - (rows[0]?.received ?? 0)) / 1_000
  return { asked: rate, said: round(sent / (milliseconds / 1_000)), sent, rows: rows.length, perSecond: round(rows.length / between), inbox: spread(toInbox), bus: spread(toBus), bytes, resident }
}

/** Waits for the last one on the bus, but not for one that was coalesced. */
async function onBus(receiving: Receiving, last: string): Promise<ReadonlyMap<string, number>> {
  const deadline = performance.now() + 30_000
  for (;;) {
    const found = receiving.bus()
    if (found.has(last) || performance.now() > deadline) return found
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}

function sentTimes(file: string): ReadonlyMap<string, number> {
  return new Map(
    readFileSync(file, 'utf8')
      .split('\n')
      .map((line) => {
        const [allocation, restarts, time] = line.split(' ')
        return [`${identity(Number(allocation))} ${restarts ?? ''}`, Number(time)]
      }),
  )
}
