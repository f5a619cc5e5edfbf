import { deregisterBare, registerBare, BARE } from './bare-service.ts'
import type { Envelope } from './facts.ts'
import { fillMemory, JOB, killTask, purgeJob, running, startJob, TASK } from './job.ts'
import { drainSecondClient, killSecondClient, removeSecondClient, SECOND_CLIENT, startSecondClient } from './second-client.ts'

/** One thing that is done to the stack, and the events that Eos must tell of it. */
export interface Play {
  readonly title: string
  readonly act: (master: string) => Promise<void>
  readonly expected: readonly Expectation[]
  /** Needs a second client, which takes a minute to be missed. */
  readonly isSlow?: true
}

/** An event that must come, in words and as a test. */
export interface Expectation {
  readonly what: string
  readonly isMeant: (one: Envelope) => boolean
}

/** An event with this tag up to its subject, and what else must hold. */
export function tagged(tag: string, holds: (one: Envelope) => boolean = () => true): Expectation {
  return { what: tag, isMeant: (one) => one.tag.startsWith(tag) && one.settled && holds(one) }
}

/** Faults in the order in which a person may watch them; once the last has run, the stack is as before. */
export const plays: readonly Play[] = [
  {
    title: 'a job is started',
    act: async (master) => void (await startJob(master)),
    expected: [tagged(`eos/nomad/job/registered/${JOB}`), tagged(`eos/nomad/alloc/started/${JOB}/web`), tagged(`eos/consul/service/registered/${JOB}`)],
  },
  {
    title: 'the process of its task is killed',
    act: async (master) => killTask(master, await running(master)),
    expected: [tagged(`eos/nomad/alloc/restarted/${JOB}/web`)],
  },
  {
    title: 'its task takes more memory than it was given',
    act: async (master) => fillMemory(master, await running(master)),
    expected: [
      tagged('eos/kernel/oom/killed/', ({ subject }) => String(subject['container']).startsWith(`${TASK}-`)),
      tagged(`eos/nomad/task/oom/${JOB}/web/main`),
      tagged(`eos/nomad/alloc/rescheduled/${JOB}/web`),
      tagged(`eos/consul/service/deregistered/${JOB}`),
    ],
  },
  {
    title: 'the job is purged while it runs',
    act: (master) => purgeJob(master),
    expected: [tagged(`eos/nomad/job/purged/${JOB}`), tagged(`eos/nomad/alloc/stopped/${JOB}/web`), tagged(`eos/consul/service/deregistered/${JOB}`)],
  },
  {
    title: 'a service is registered by hand',
    act: (master) => registerBare(master),
    expected: [tagged(`eos/consul/service/registered/${BARE}`)],
  },
  {
    title: 'it is deregistered by hand',
    act: (master) => deregisterBare(master),
    expected: [tagged(`eos/consul/service/deregistered/${BARE}`)],
  },
  {
    title: 'a second Nomad client joins',
    isSlow: true,
    act: startSecondClient,
    expected: [tagged(`eos/nomad/node/registered/${SECOND_CLIENT}`)],
  },
  {
    title: 'it is drained',
    isSlow: true,
    act: drainSecondClient,
    expected: [tagged(`eos/nomad/node/drain_started/${SECOND_CLIENT}`), tagged(`eos/nomad/node/drain_done/${SECOND_CLIENT}`)],
  },
  {
    title: 'it falls silent',
    isSlow: true,
    act: killSecondClient,
    expected: [tagged(`eos/nomad/node/down/${SECOND_CLIENT}`)],
  },
  {
    title: 'it is purged',
    isSlow: true,
    act: removeSecondClient,
    expected: [tagged(`eos/nomad/node/removed/${SECOND_CLIENT}`)],
  },
]

/** Removes what plays leave when they are cut off; content where there is nothing. */
export async function clearPlays(master: string): Promise<void> {
  await purgeJob(master)
  await deregisterBare(master)
  await removeSecondClient(master)
}
