import { purgeJob } from './job.ts'
import { nomad } from './servers.ts'

/** Jobs whose one task ends at once, and which Nomad may neither restart nor replace. */
export const HOPELESS = ['eos-fault-hopeless-1', 'eos-fault-hopeless-2', 'eos-fault-hopeless-3'] as const
/** A job that asks for a node that there is not. */
export const PLACELESS = 'eos-fault-placeless'

/** Starts jobs that fail for good. */
export async function startHopeless(master: string): Promise<void> {
  for (const id of HOPELESS) await run(master, group(id))
}

/** Starts a job that finds no place. */
export async function startPlaceless(master: string): Promise<void> {
  await run(master, { ...group(PLACELESS), Constraints: [{ LTarget: '${attr.kernel.name}', RTarget: 'plan9', Operand: '=' }] })
}

/** Removes all of them; content where there are none. */
export async function purgeHopeless(master: string): Promise<void> {
  for (const id of [...HOPELESS, PLACELESS]) await purgeJob(master, id)
}

function group(id: string): Readonly<Record<string, unknown>> {
  return {
    ID: id,
    Name: id,
    Type: 'service',
    Datacenters: ['*'],
    TaskGroups: [
      {
        Name: 'web',
        Count: 1,
        RestartPolicy: { Attempts: 0, Mode: 'fail' },
        ReschedulePolicy: { Attempts: 0, Unlimited: false },
        Update: { MaxParallel: 0 },
        Tasks: [{ Name: 'main', Driver: 'raw_exec', Config: { command: '/bin/false' }, Resources: { CPU: 20, MemoryMB: 16 } }],
      },
    ],
  }
}

async function run(master: string, job: Readonly<Record<string, unknown>>): Promise<void> {
  await nomad(master, ['job', 'run', '-detach', '-json', '-'], JSON.stringify({ Job: job }))
}
