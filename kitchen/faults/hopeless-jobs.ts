import { allocation, purgeJob } from './job.ts'
import { nomad } from './servers.ts'

/** As Nomad counts time, in nanoseconds. */
const HOUR = 3_600_000_000_000
/** Jobs whose one task ends at once, and which Nomad may neither restart nor replace. */
export const HOPELESS = ['eos-fault-hopeless-1', 'eos-fault-hopeless-2', 'eos-fault-hopeless-3'] as const
/** A job whose task asks Vault for a token before it starts: while Vault is sealed it fails, and Nomad would replace it in half an hour. */
export const WANTS_VAULT = 'eos-fault-wants-vault'
/** A job that asks for a node that there is not. */
export const PLACELESS = 'eos-fault-placeless'

/** Starts jobs that fail for good, on the nodes of one pool. */
export async function startHopeless(master: string, pool = 'default'): Promise<void> {
  for (const id of HOPELESS) await run(master, { ...group(id), NodePool: pool })
}

/** The allocation that such a job had. */
export function ended(master: string, id: string = HOPELESS[0]): Promise<string> {
  return allocation(master, id, 'has failed', ({ ClientStatus }) => ClientStatus === 'failed')
}

/** Starts the job that asks Vault for a token, with a role that it need not know: nobody answers about roles while it is sealed. */
export async function startWantingVault(master: string): Promise<void> {
  const later = { Attempts: 1, Interval: 24 * HOUR, Delay: HOUR / 2, DelayFunction: 'constant', Unlimited: false }
  await run(master, group(WANTS_VAULT, { Vault: { Role: 'eos-fault', Env: true } }, later))
}

/** Starts a job that finds no place. */
export async function startPlaceless(master: string): Promise<void> {
  await run(master, { ...group(PLACELESS), Constraints: [{ LTarget: '${attr.kernel.name}', RTarget: 'plan9', Operand: '=' }] })
}

/** Removes all of them; content where there are none. */
export async function purgeHopeless(master: string): Promise<void> {
  for (const id of [...HOPELESS, PLACELESS]) await purgeJob(master, id)
}

function group(id: string, task: object = {}, rescheduled: object = { Attempts: 0, Unlimited: false }): Readonly<Record<string, unknown>> {
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
        ReschedulePolicy: rescheduled,
        Update: { MaxParallel: 0 },
        Tasks: [{ Name: 'main', Driver: 'raw_exec', Config: { command: '/bin/false' }, Resources: { CPU: 20, MemoryMB: 16 }, ...task }],
      },
    ],
  }
}

async function run(master: string, job: Readonly<Record<string, unknown>>): Promise<void> {
  await nomad(master, ['job', 'run', '-detach', '-json', '-'], JSON.stringify({ Job: job }))
}
