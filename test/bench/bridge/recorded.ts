import { FOREVER, job } from '../../fault/harness/jobs.ts'
import { NomadCluster } from '../../fault/harness/nomad.ts'
import { Oracle } from '../../fault/harness/oracle.ts'
import type { Scene } from '../../fault/harness/scene.ts'
import { until } from '../../fault/harness/until.ts'
import { at, rows, text } from '../../fault/harness/value.ts'
import { FakeNomad } from '../../support/fake-nomad.ts'
import { recordInto } from '../../support/recorded-nomad.ts'

/** What a load is made of: real answers, and one real event of an allocation that restarted. */
export interface Recorded {
  readonly lists: readonly (readonly [string, readonly string[]])[]
  readonly objects: readonly (readonly [string, string])[]
  readonly index: number
  /** Row of the allocation in the list. */
  readonly row: string
  /** Its event on the stream. */
  readonly event: string
  readonly alloc: string
  /** Digits of the time of the newest `Restarting`. */
  readonly time: string
}

/** Records a real Nomad with one job that runs and one that restarts, and ends it. */
export async function record(scene: Scene): Promise<Recorded> {
  const cluster = await NomadCluster.start(scene.place('recorded'), scene.authority, { buffers: [100_000], clients: 1 })
  const oracle = await new Oracle(cluster, cluster.server(0)).start()
  const fake = await FakeNomad.open(scene.authority)
  try {
    await cluster.run(job('calm', { script: FOREVER }))
    await cluster.run(job('loop', { script: 'sleep 1; exit 1', restarts: 1, delay: 3_000_000_000 }))
    const line = await until('a restart is on the stream', () => oracle.lines.find((one) => one.includes('"Topic":"Allocation"') && one.includes('"Type":"Restarting"') && one.includes('"Restarts":1')))
    await oracle.caughtUp(cluster)
    await recordInto(fake, cluster, oracle)
    await recordOwners(fake, cluster)
    const event = eventOf(line)
    const alloc = /"Key":"([0-9a-f-]{36})"/.exec(event)?.[1] ?? ''
    const row = (fake.lists.get('/v1/allocations') ?? []).find((one) => one.includes(alloc))
    const time = [...event.matchAll(/"Time":(\d{19})/g)].map(([, digits]) => digits ?? '').sort().at(-1)
    if (row === undefined || time === undefined) throw new Error(`the restarting allocation ${alloc} is in no list, or its event has no time`)
    return { lists: [...fake.lists], objects: [...fake.objects], index: fake.index, row, event, alloc, time }
  } finally {
    oracle.stop()
    await fake.close()
    await cluster.stop()
  }
}

/** The job that restarts and the node that it runs on, each as its own page shows it. */
async function recordOwners(fake: FakeNomad, cluster: NomadCluster): Promise<void> {
  const [node] = rows(await cluster.get('/v1/nodes'))
  for (const path of ['/v1/job/loop', `/v1/node/${text(node, 'ID')}`]) fake.objects.set(path, JSON.stringify(await cluster.get(path)))
}

/** The text of the one event about the restart, with its digits as they came. */
function eventOf(line: string): string {
  const parsed: unknown = JSON.parse(line)
  const found = rows(parsed, 'Events').find((event) => text(event, 'Topic') === 'Allocation' && JSON.stringify(at(event, 'Payload')).includes('Restarting'))
  if (found === undefined) throw new Error('no event of an allocation in the frame')
  // Numbers of 19 digits went through a double above; they only have to be 19 digits again.
  return JSON.stringify(found)
}
