import { setTimeout as sleep } from 'node:timers/promises'
import { failDeployment, fillMemory, killTask, purgeJob, running, startJob } from '../../../kitchen/faults/job.ts'
import { instances, leaveStale, loseRegistration } from '../../../kitchen/faults/registration.ts'
import { nomad } from '../../../kitchen/faults/servers.ts'
import { breakCaddy, sealVault } from '../../../kitchen/faults/unit.ts'
import { messageOf } from '../../../kitchen/run/failure.ts'
import type { Dice } from './dice.ts'
import { NODE, python } from './node.ts'

const PREFIX = 'chaos'
/** An agent compares itself with the catalogue about once a minute. */
const BACK_SECONDS = 100
/** A fault that the stack or the healer has to get over. */
export type Fault = 'registration lost' | 'task killed' | 'memory exceeded' | 'deployment failed' | 'stale registration' | 'unit broken' | 'vault sealed'
/** What nothing but the healer mends, so that a run may do it no more often than the healer may act on one input. */
const SCARCE: readonly Fault[] = ['unit broken', 'vault sealed']
const MOST_SCARCE = 2

/** The scarce faults that this stack has somebody to mend: a policy that acts on them. */
export async function mendable(): Promise<readonly Fault[]> {
  const policies: readonly string[] = JSON.parse(await python('import json; from saltext.eos.policies import table; print(json.dumps(list(table.TABLE)))'))
  return [...(policies.includes('unit_failed') ? ['unit broken' as const] : []), ...(policies.includes('vault_sealed') ? ['vault sealed' as const] : [])]
}

/** Jobs that faults are done to; each is one task with one service. */
export class Workload {
  readonly #dice: Dice
  readonly #count: number
  readonly #can: readonly Fault[]
  readonly #done: Fault[] = []
  /** How often a version of each job was registered by this run. */
  readonly registered = new Map<string, number>()

  /** `can`: the scarce faults that this stack has somebody to mend. */
  constructor(dice: Dice, count: number, can: readonly Fault[]) {
    this.#dice = dice
    this.#count = count
    this.#can = can
  }

  get jobs(): string[] {
    return Array.from({ length: this.#count }, (_, number) => `${PREFIX}-${number}`)
  }

  /** The job whose deployment is made to fail. */
  get broken(): string {
    return `${PREFIX}-broken`
  }

  /** Starts every job and waits until it runs. */
  async start(): Promise<void> {
    await this.end()
    for (const id of [...this.jobs, this.broken]) await this.#register(id, () => startJob(NODE, id))
  }

  /** Removes every job; content where there is none. */
  async end(): Promise<void> {
    for (const id of [...this.jobs, this.broken]) await purgeJob(NODE, id)
  }

  /** Does one fault and says what it was; a server that does not answer now is a fault of its own. */
  async strike(): Promise<{ readonly fault: Fault; readonly what: string }> {
    const scarce = SCARCE.filter((one) => this.#can.includes(one) && this.#done.filter((done) => done === one).length < MOST_SCARCE)
    const fault = this.#dice.pick<Fault>('registration lost', 'registration lost', 'registration lost', 'task killed', 'memory exceeded', 'stale registration', 'deployment failed', ...scarce)
    this.#done.push(fault)
    // Few jobs, so that some are struck again and again: that is what back-off and breaker are for.
    const job = this.jobs[Math.min(this.#dice.between(0, this.#count - 1), this.#dice.between(0, this.#count - 1))] ?? ''
    try {
      return { fault, what: await this.#do(fault, job) }
    } catch (thrown) {
      return { fault, what: `${job}: not done, ${messageOf(thrown).split('\n')[0]?.slice(0, 120) ?? ''}` }
    }
  }

  async #do(fault: Fault, job: string): Promise<string> {
    switch (fault) {
      case 'registration lost':
        return this.#lose(job)
      case 'task killed':
        await killTask(NODE, await running(NODE, job))
        return job
      case 'memory exceeded':
        await fillMemory(NODE, await running(NODE, job))
        return job
      case 'deployment failed':
        await this.#register(this.broken, () => failDeployment(NODE, this.broken))
        return this.broken
      case 'stale registration':
        return this.#haunt(job)
      case 'unit broken':
        await breakCaddy(NODE)
        return 'caddy'
      case 'vault sealed':
        await sealVault(NODE)
        return 'vault'
    }
  }

  /** Takes a registration out of the catalogue behind its agent's back: once, and again as soon as the agent has put it back, so that it is long until the agent looks next. */
  async #lose(job: string): Promise<string> {
    let times = 0
    for (const until = Date.now() + BACK_SECONDS * 1000; times < 2 && Date.now() < until; await sleep(1000)) {
      if ((await instances(NODE, job)).length === 0) continue
      await loseRegistration(NODE, job)
      times += 1
    }
    return times === 0 ? `${job}: had no registration` : `${job}, ${times === 1 ? 'once' : 'twice'}`
  }

  /** Registers the service of an allocation that has ended, as a client that died leaves it. */
  async #haunt(job: string): Promise<string> {
    const allocs: readonly { readonly ID: string; readonly ClientStatus: string }[] = JSON.parse(await nomad(NODE, ['job', 'allocs', '-all', '-json', job]))
    const dead = allocs.find(({ ClientStatus }) => ClientStatus === 'failed' || ClientStatus === 'complete')
    if (dead === undefined) return `${job}: no allocation has ended yet`
    await leaveStale(NODE, job, dead.ID)
    return `${job}: ${dead.ID.slice(0, 8)}`
  }

  async #register(id: string, work: () => Promise<unknown>): Promise<void> {
    await work()
    this.registered.set(id, (this.registered.get(id) ?? 0) + 1)
  }
}
