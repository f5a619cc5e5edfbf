import { cpus, loadavg, totalmem } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { packagedSidecar } from '../fault/harness/packaged.ts'
import { unpackedWheel } from '../fault/harness/salt-master.ts'
import { Scene } from '../fault/harness/scene.ts'
import { station } from '../fault/harness/station.ts'
import { until } from '../fault/harness/until.ts'
import { feedEngine } from './bridge/engine-feed.ts'
import { Generator } from './bridge/generator.ts'
import { measureRest } from './bridge/memory.ts'
import { Receiving } from './bridge/receiving.ts'
import { record, type Recorded } from './bridge/recorded.ts'
import { measureConsulResync, measureNomadResync } from './bridge/resync.ts'
import { measureSalt } from './bridge/salt-side.ts'
import { round } from './bridge/statistics.ts'
import { bridgeText, type BridgeNumbers } from './bridge/text.ts'
import { measureFlow, type Flow } from './bridge/throughput.ts'

const RATES = [100, 500, 2_000] as const
const ALLOCATIONS = 10_000
const TOKEN = 'e5f7c0de-0000-4000-8000-00000000be7c'

/**
 * Prints what the road from Nomad to inbox and bus carries, beside what Salt's own means carry in the same run: ratios of one run can be
 * compared, numbers of two runs cannot.
 */
export async function benchBridge(isJson: boolean): Promise<void> {
  const scene = new Scene()
  try {
    const site = await unpackedWheel(scene.folder)
    const recorded = await record(scene)
    const program = await packagedSidecar(scene.place('package'))
    const roads = await measureRoad(scene, site, recorded, program)
    const mark = scene.mark()
    const salt = await measureSalt(scene, site, roads.envelopes)
    await scene.endSince(mark)
    const rest = await measureRest(scene, program, recorded, ALLOCATIONS)
    const nomad = await measureNomadResync(scene, recorded, program)
    const consul = await measureConsulResync(scene, program)
    const { envelopes: _, ...road } = roads
    const numbers: BridgeNumbers = { machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${round(totalmem() / 2 ** 30)} GiB, Node ${process.version}, load before the run ${round(loadavg()[0] ?? 0)}`, ...road, salt, rest, nomad, consul }
    process.stdout.write(isJson ? `${JSON.stringify(numbers, null, 2)}\n` : bridgeText(numbers))
  } finally {
    await scene.end()
  }
}

type Road = Pick<BridgeNumbers, 'flows' | 'engine' | 'outage'> & { readonly envelopes: readonly string[] }

async function measureRoad(scene: Scene, site: string, recorded: Recorded, program: readonly string[]): Promise<Road> {
  const mark = scene.mark()
  const load = await Generator.start(scene, recorded, ALLOCATIONS)
  const receiving = await Receiving.start(scene, site)
  const here = await station(scene, { more: { program, socket: receiving.socket, nomad: { addresses: [load.url], token: TOKEN } } })
  await here.sidecar.start().ready(60_000)
  const flows: Flow[] = []
  for (const rate of RATES) flows.push(await measureFlow(scene, load, here, receiving, rate, 8))
  const envelopes = sample(receiving.inbox, 10_000)
  const engine = await feedEngine(receiving.socket, [...envelopes, ...envelopes, ...envelopes])
  const outage = await measureOutage(scene, load, here, receiving)
  await scene.endSince(mark)
  return { flows, engine, outage, envelopes }
}

/** The master is away while events come; then the outbox drains into it. */
async function measureOutage(scene: Scene, load: Generator, here: Awaited<ReturnType<typeof station>>, receiving: Receiving): Promise<BridgeNumbers['outage']> {
  await receiving.master.kill()
  const after = receiving.last()
  const { sent } = await load.load(2_000, 15, join(scene.place('outage'), 'times'))
  await until('the outbox holds them', async () => (await here.sidecar.metric('eos_sidecar_outbox_depth')) >= sent, 60_000)
  const begun = Date.now()
  await receiving.begin(scene)
  await receiving.holds(after, sent, 120_000)
  // The killed master's engine takes a few more before it notices that it is an orphan.
  const times = receiving.arrived(after).map(({ received }) => received).filter((received) => received >= begun)
  const seconds = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / 1_000
  return { sent: times.length, perSecond: round(times.length / seconds), seconds: round(seconds) }
}

function sample(inbox: string, count: number): string[] {
  const database = new DatabaseSync(inbox, { readOnly: true })
  try {
    return database.prepare(`SELECT body FROM events WHERE event = 'nomad/alloc' AND verb = 'restarted' ORDER BY row LIMIT ${count}`).all().map(({ body }) => String(body))
  } finally {
    database.close()
  }
}
