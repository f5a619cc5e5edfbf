import { moment } from '../../kitchen/faults/facts.ts'
import type { Explained } from '../../kitchen/faults/healing.ts'
import { failDeployment, fillMemoryTwice, running, startJob } from '../../kitchen/faults/job.ts'
import { eatWithin } from '../../kitchen/faults/memory.ts'
import { tagged } from '../../kitchen/faults/plays.ts'
import { leaveStale, loseUntilHealed } from '../../kitchen/faults/registration.ts'
import { drainSecondClient, killSecondClient, SECOND_CLIENT, startSecondClient, startWaitingJob, untilStatus, WAITING_JOB } from '../../kitchen/faults/second-client.ts'

/** The second client is out of reach, comes back, is drained, and goes for good. */
export async function wearOutClient(master: string): Promise<void> {
  await startWaitingJob(master)
  await running(master, WAITING_JOB)
  await killSecondClient(master)
  await untilStatus(master, 'disconnected')
  const seen = await moment(master)
  await startSecondClient(master)
  await drainSecondClient(master)
  const drained = tagged(`eos/nomad/node/drain_done/${SECOND_CLIENT}`)
  await seen.until(drained.what, drained.isMeant)
  await killSecondClient(master)
  await untilStatus(master, 'down')
}

/** A job has something killed for its memory three times beside its task, and then its task, twice. */
export async function starveJob(master: string, job: string): Promise<void> {
  const hungry = await startJob(master, job)
  for (let times = 0; times < 3; times += 1) await eatWithin(master, hungry)
  await fillMemoryTwice(master, hungry)
}

/** The second version of a job fails its deployment. */
export async function breakVersion(master: string, job: string): Promise<void> {
  await startJob(master, job)
  await failDeployment(master, job)
}

/**
 * The registration of a job that runs is lost, and then one of an allocation that has ended is left. In this order: after an act at Consul the
 * next one waits a minute, and by then the agent has brought back itself what was lost.
 */
export async function loseAndLeave(master: string, lost: string, stale: string, alloc: string): Promise<{ readonly healed: Explained; readonly left: string }> {
  await startJob(master, lost)
  const healed = await loseUntilHealed(master, lost)
  const seen = await moment(master)
  const left = await leaveStale(master, stale, alloc, 'passing')
  const came = tagged(`eos/consul/service/registered/${stale}`)
  await seen.until(came.what, came.isMeant)
  await leaveStale(master, stale, alloc, 'critical')
  return { healed, left }
}
