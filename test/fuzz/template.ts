import { FakeNomad } from '../support/fake-nomad.ts'
import { recordInto } from '../support/recorded-nomad.ts'
import { FOREVER, job } from '../fault/harness/jobs.ts'
import { NomadCluster } from '../fault/harness/nomad.ts'
import { Oracle } from '../fault/harness/oracle.ts'
import type { Scene } from '../fault/harness/scene.ts'
import { until } from '../fault/harness/until.ts'

const NAME = 'template-job'

/** Frames and rows about one job, as a real server gave them, to be filled with other names. */
export interface Template {
  /** A double that answers every list as the real server did. */
  readonly fake: FakeNomad
  /** The frame that registers a job of this name at this index. */
  readonly frame: (name: string, index: number) => string
  /** Registers a job: its row in the list, then its frame. */
  readonly register: (name: string) => void
  /** Puts a job whose `Meta` nests so deep into the list, says nothing, and gives the frame that would register it. */
  readonly deep: (name: string, depth: number) => string
}

/** Records a real server with one job, ends it, and gives a double that goes on where it stood. */
export async function recordedTemplate(scene: Scene): Promise<Template> {
  const cluster = await NomadCluster.start(scene.place('recorded'), scene.authority, { buffers: [100], clients: 1 })
  const oracle = await new Oracle(cluster, cluster.server(0)).start()
  const fake = await FakeNomad.open(scene.authority)
  scene.ends(() => fake.close())
  try {
    await cluster.run(job(NAME, { script: FOREVER, count: 0 }))
    await oracle.caughtUp(cluster)
    const line = await until('the job is on the stream', () => oracle.lines.find((one) => one.includes('"Topic":"Job"') && one.includes('"JobRegistered"') && one.includes(NAME)))
    await recordInto(fake, cluster, oracle)
    const whole = JSON.stringify(await cluster.get(`/v1/job/${NAME}`))
    const row = fake.lists.get('/v1/jobs')?.find((one) => one.includes(NAME))
    if (row === undefined) throw new Error('the real list of jobs lacks the template')
    fake.lists.set('/v1/jobs', [])
    const at = /"Index":(\d+)/.exec(line)?.[1] ?? ''
    const filled = (text: string, name: string, index: number): string =>
      text.replaceAll(JSON.stringify(NAME), () => JSON.stringify(name)).replaceAll(new RegExp(`:${at}\\b`, 'g'), `:${index}`)
    const frame = (name: string, index: number): string => filled(line, name, index)
    const list = (name: string, index: number, bury = (text: string): string => text): void => {
      if (name.isWellFormed()) fake.objects.set(`/v1/job/${encodeURIComponent(name)}`, bury(filled(whole, name, index)))
      fake.lists.set('/v1/jobs', [...(fake.lists.get('/v1/jobs') ?? []), filled(row, name, index)])
    }
    return {
      fake,
      frame,
      deep: (name, depth) => {
        const bury = (text: string): string => text.replace('"Meta":null', `"Meta":${'['.repeat(depth)}1${']'.repeat(depth)}`)
        const index = fake.index + 1
        list(name, index, bury)
        fake.index = index
        return bury(frame(name, index))
      },
      register: (name) => {
        const index = fake.index + 1
        list(name, index)
        fake.say({ index, bytes: frame(name, index) })
      },
    }
  } finally {
    oracle.stop()
    await cluster.stop()
  }
}
