import { Failure } from '../run/failure.ts'
import { tagged, type Expectation } from './plays.ts'
import { ask, audit, setHeal, type Heal } from './healing.ts'
import { failDeployment, JOB, purgeJob, startJob } from './job.ts'
import { eatAsTask } from './memory.ts'
import { loseForAMinute } from './registration.ts'
import { breakCaddy, sealVault } from './unit.ts'

/** The job of the play whose deployment fails. */
const DEPLOYED = 'eos-fault-deploy'
/** Jobs of the stack whose task may take too much memory: what serves there lives on, and for each a size is proposed once a day. */
const HUNGRY = ['whoami', 'miniflux', 'whoami-db', 'miniflux-db'] as const

/** What healing may do while it is shown: acts on these components, whatever jobs were touched within the hour, and spans that a person can wait for. */
export const SHOWN: Heal = {
  mode: 'observe',
  components: { caddy: 'enforce', consul: 'enforce', vault: 'enforce' },
  bucket: { size: 20, every: '5s' },
  blast: { share: 100 },
  debounce: { least: '1s', most: '5s' },
  cool_down: { first: '1s', most: '1s', stable: '1s' },
}

/** A fault, the event that must come of it, and how its incident must end. */
export interface HealPlay {
  readonly title: string
  readonly act: (master: string) => Promise<unknown>
  /** What its beginning may have to wait for. */
  readonly waits?: string
  readonly event: Expectation
  readonly policy: string
  /** What the place or the words of its incident name. */
  readonly about: string
  /** An act that is done and verified, or a note: a proposal, a hold, a report. */
  readonly ends: 'verified' | 'noted'
}

/** Five faults in the order in which a person may watch them. */
export const healPlays = (hungry: string): readonly HealPlay[] => [
  {
    title: 'the unit of a component fails: the configuration of Caddy is spoiled, systemd starts it again and again',
    act: breakCaddy,
    event: tagged('eos/host/unit/failed/caddy'),
    policy: 'unit_failed',
    about: 'caddy',
    ends: 'verified',
  },
  {
    title: 'Vault is restarted and stays sealed: what opens it at its start could not run',
    act: sealVault,
    event: tagged('eos/vault/seal/sealed'),
    policy: 'vault_sealed',
    about: 'n1',
    ends: 'verified',
  },
  {
    title: `a task of ${hungry} is killed for its memory, three times`,
    act: async (master) => {
      for (let times = 0; times < 3; times += 1) await eatAsTask(master, hungry)
    },
    event: tagged('eos/kernel/oom/killed/', ({ subject }) => subject['job'] === hungry),
    policy: 'repeated_oom',
    about: `${hungry}/`,
    ends: 'noted',
  },
  {
    title: 'a new version of a job never becomes healthy',
    act: (master) => failDeployment(master, DEPLOYED),
    event: tagged(`eos/nomad/deployment/failed/${DEPLOYED}`),
    policy: 'failed_deployment',
    about: DEPLOYED,
    ends: 'noted',
  },
  {
    title: `the registration of ${JOB} is lost from Consul's catalogue while its allocation runs; Consul itself would look in a minute`,
    act: (master) => loseForAMinute(master, JOB),
    waits: "Consul's agent to have just compared, so that for a minute it does not mend this by itself",
    event: tagged(`eos/consul/service/deregistered/${JOB}`, ({ subject }) => subject['service'] === JOB),
    policy: 'lost_registration',
    about: `"${JOB} (`,
    ends: 'verified',
  },
]

/** What a show begins with. */
export interface Prepared {
  /** What the pillar said before. */
  readonly before: Heal | undefined
  readonly plays: readonly HealPlay[]
}

/** What stands in healing's way, as the runner tells it. */
interface Standing {
  readonly healing: { readonly [kind in 'held' | 'frozen' | 'contended']?: readonly { readonly what: string; readonly reason: string }[] }
}

/** Makes what the plays need, and lets the chosen components heal; refuses while something is frozen or contended. */
export async function readyForHealing(master: string): Promise<Prepared> {
  const { healing } = await ask<Standing>(master, 'status')
  for (const [kind, verb] of [['frozen', 'thaw'], ['contended', 'release']] as const) {
    for (const { what, reason } of healing[kind] ?? []) throw new Failure(`${what.slice(0, 12)} is ${kind}: ${reason}`, `npm run lab -- exec ${master} -- salt-run eos.${verb} ${what.slice(0, 12)}`)
  }
  for (const job of [DEPLOYED, JOB]) {
    await purgeJob(master, job)
    await startJob(master, job)
  }
  const proposed = JSON.stringify((await audit(master, 'kind=note', 'since=1d', 'limit=5000')).filter(({ body }) => body['policy'] === 'repeated_oom'))
  const hungry = HUNGRY.find((job) => !proposed.includes(`${job}/`)) ?? HUNGRY[0]
  return { plays: healPlays(hungry), before: await setHeal(master, SHOWN) }
}

/** Takes away what the plays leave: their jobs, what is held because of them, and the marks of this show. */
export async function clearHealing(master: string, before: Heal | undefined): Promise<void> {
  for (const job of [DEPLOYED, JOB]) await purgeJob(master, job)
  const { healing } = await ask<Standing>(master, 'status')
  for (const { what } of healing.held ?? []) if (what.includes(DEPLOYED)) await ask(master, 'release', `what=${what}`)
  await setHeal(master, before)
}
