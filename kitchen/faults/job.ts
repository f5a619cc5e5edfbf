import { setTimeout as sleep } from 'node:timers/promises'
import { parse } from 'yaml'
import { attemptOnNode, onNode } from '../node/container.ts'
import { Failure } from '../run/failure.ts'
import { PILLAR_FILE } from '../stack/pillar.ts'
import { nomad } from './servers.ts'

/** The job that faults are done to: one task in a container, which registers one service in Consul. */
export const JOB = 'eos-fault'
/** Its task; Docker calls the container by this and the allocation. */
export const TASK = 'main'
const SECOND = 1_000_000_000
const ALLOCATION_SECONDS = 60

/** An allocation of the job that runs. */
export interface Running {
  readonly alloc: string
  /** Name of its container in Docker. */
  readonly container: string
}

/** What Nomad lists of an allocation. */
export interface Allocation {
  readonly ID: string
  /** The evaluation that made it. */
  readonly EvalID: string
  readonly ClientStatus: string
  readonly DesiredStatus: string
}

/** Starts the job and waits until its one allocation runs. */
export async function startJob(master: string, id = JOB): Promise<Running> {
  await nomad(master, ['job', 'run', '-json', '-'], JSON.stringify({ Job: await jobOf(master, id) }))
  return running(master, id)
}

/** Registers a version of the job whose task ends at once: its deployment fails with its first allocation. */
export async function failDeployment(master: string, id = JOB): Promise<void> {
  const job = await jobOf(master, id, 'exit 1', 0)
  await nomad(master, ['job', 'run', '-detach', '-json', '-'], JSON.stringify({ Job: job }))
}

/** The running allocation of the job; waits where it is being restarted or replaced. */
export async function running(master: string, id = JOB): Promise<Running> {
  const alloc = await allocation(master, id, 'runs', ({ ClientStatus, DesiredStatus }) => ClientStatus === 'running' && DesiredStatus === 'run')
  return { alloc, container: `${TASK}-${alloc}` }
}

/** What Nomad lists of the job's allocations, newest first. */
export async function allocations(master: string, id = JOB): Promise<readonly Allocation[]> {
  const found: readonly Allocation[] = JSON.parse(await nomad(master, ['job', 'allocs', '-json', id]))
  return found
}

/** Waits for an allocation of the job of which this holds; `says` is what holds then. */
export async function allocation(master: string, id: string, says: string, holds: (found: Allocation) => boolean): Promise<string> {
  for (const deadline = Date.now() + ALLOCATION_SECONDS * 1000; Date.now() < deadline; await sleep(200)) {
    const alloc = (await allocations(master, id)).find(holds)?.ID
    if (alloc !== undefined) return alloc
  }
  throw new Failure(`no allocation of ${id} ${says} within ${ALLOCATION_SECONDS} s; expected one`, `npm run lab -- exec ${master} -- salt-run eos.events subject='${id}*'`)
}

/** Kills the task's process from outside, as a person or a bug would. */
export async function killTask(master: string, { container }: Running): Promise<void> {
  await onNode(master, ['docker', 'kill', '--signal=KILL', container])
}

/** Lets the task take more memory than it was given. */
export async function fillMemory(master: string, { alloc }: Running): Promise<void> {
  await onNode(master, ['touch', `/var/lib/nomad/alloc/${alloc}/${TASK}/local/eat`])
}

/** Lets it do so, and once more as soon as it runs again: Nomad has restarted it once, and replaces it then. */
export async function fillMemoryTwice(master: string, { alloc }: Running): Promise<void> {
  await onNode(master, ['sh', '-c', 'touch "$0" && while [ -e "$0" ]; do sleep 0.2; done && touch "$0"', `/var/lib/nomad/alloc/${alloc}/${TASK}/local/eat`])
}

/** Removes the job and everything that Nomad knows of it; content where there is none. */
export async function purgeJob(master: string, id = JOB): Promise<void> {
  const known: readonly { readonly ID: string }[] = JSON.parse(await nomad(master, ['operator', 'api', '-X', 'GET', `/v1/jobs?prefix=${id}`]))
  if (known.some(({ ID }) => ID === id)) await nomad(master, ['job', 'stop', '-purge', '-yes', '-detach', id])
}

/** Where an allocation of the job runs after a fault, if any does. */
export async function isRunning(master: string, { container }: Running): Promise<boolean> {
  return (await attemptOnNode(master, ['docker', 'inspect', '--format', '{{.State.Running}}', container])).stdout.trim() === 'true'
}

/** Waits for a file, then takes more memory than there is. */
const WAITING = 'while [ ! -e /local/eat ]; do sleep 0.2; done; rm -f /local/eat; exec tail /dev/zero'

async function jobOf(master: string, id: string, script = WAITING, progressSeconds = 120): Promise<object> {
  const image = await imageOf(master)
  return {
    ID: id,
    Name: id,
    Type: 'service',
    Datacenters: ['*'],
    TaskGroups: [
      {
        Name: 'web',
        Count: 1,
        Update: { MinHealthyTime: SECOND, HealthyDeadline: 60 * SECOND, ProgressDeadline: progressSeconds * SECOND, HealthCheck: 'task_states', MaxParallel: 1 },
        RestartPolicy: { Attempts: 1, Interval: 600 * SECOND, Delay: SECOND, Mode: 'fail' },
        ReschedulePolicy: { Unlimited: true, Delay: 5 * SECOND, DelayFunction: 'constant' },
        Services: [{ Name: id, Provider: 'consul' }],
        Tasks: [{ Name: TASK, Driver: 'docker', Config: { image, entrypoint: ['/bin/sh', '-c', script] }, Resources: { CPU: 50, MemoryMB: 32 } }],
      },
    ],
  }
}

/** The image of the lab that has a shell: PostgreSQL's, as the pillar names it. */
async function imageOf(master: string): Promise<string> {
  const pillar: { readonly eos: { readonly apps: { readonly miniflux: { readonly database: { readonly image: string } } } } } = parse(await onNode(master, ['cat', PILLAR_FILE]))
  return pillar.eos.apps.miniflux.database.image
}
