import { readFile } from 'node:fs/promises'
import { statfsSync } from 'node:fs'
import { freemem } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { attemptOnNode, onNode, writeOnNode } from '../../../kitchen/node/container.ts'
import { instances } from '../../../kitchen/faults/registration.ts'
import { nomad } from '../../../kitchen/faults/servers.ts'
import { messageOf } from '../../../kitchen/run/failure.ts'
import { projectPath } from '../../../kitchen/run/project.ts'
import { sh, tried, NODE } from './node.ts'
import { look } from './watch.ts'
import type { Workload } from './workload.ts'

const FOLDER = '/var/tmp/eos-chaos'
const HEALER = '/var/lib/eos/healer.db'
/** Seconds after the stack is well in which nothing may be decided, because what is well needs no healing: for each minute of a run, and at most. */
const QUIET = { each: 10, most: 90 } as const
const GB = 1024 ** 3

/** What the independent checker found in the audit, in its own names. */
export interface Audit {
  readonly lines: number
  readonly kinds: Readonly<Record<string, number>>
  readonly breaches: readonly string[]
  readonly would_breaches: readonly string[]
  readonly acts: readonly { readonly t: number; readonly policy: string | null; readonly action: string | null }[]
  readonly results: Readonly<Record<string, number>>
  readonly claimed_twice: readonly string[]
  readonly claimed_unknown: readonly string[]
  readonly forged_claimed: readonly string[]
  readonly altered_refused: boolean
  readonly repeated_refused: boolean
  readonly size: number
}

/** One claim about a run, and whether it holds. */
export interface Claim {
  readonly says: string
  readonly holds: boolean
  readonly detail: string
}

/** All claims, and the audit that they stand on. */
export interface Verdict {
  readonly claims: readonly Claim[]
  readonly audit: Audit
  readonly forged: number
}

/** Why the run has to end at once: its node or this machine is in danger; null when they are not. */
export async function abortReason(): Promise<string | null> {
  if (freemem() < GB) return `this machine has ${Math.round(freemem() / 1024 ** 2)} MB of memory left`
  const { bavail, bsize } = statfsSync('/')
  if (bavail * bsize < 4 * GB) return 'this machine has less than 4 GB of disk left'
  return (await tried('true')) ? null : 'the node does not answer'
}

/** Waits until every job runs and is registered, the gates pass and the healer turns; then for the quiet time. */
export async function converged(workload: Workload, within: number, say: (line: string) => void): Promise<{ readonly seconds: number | null; readonly missing: readonly string[] }> {
  const began = Date.now()
  let missing: readonly string[] = []
  while (Date.now() - began < within * 1000) {
    const found = await unwell(workload)
    if (found.join() !== missing.join() && found.length > 0) say(`       not well yet: ${found.join('; ')}`)
    missing = found
    if (missing.length === 0) return { seconds: Math.round((Date.now() - began) / 1000), missing }
    await sleep(5000)
  }
  return { seconds: null, missing }
}

async function unwell(workload: Workload): Promise<readonly string[]> {
  try {
    const found: string[] = []
    const { state, why, lag } = await look()
    if (state !== 'running' || lag !== 0) found.push(`the healer is ${state} (${why}), ${String(lag)} facts behind`)
    for (const job of workload.jobs) {
      const allocs: readonly { readonly ID: string; readonly ClientStatus: string }[] = JSON.parse(await nomad(NODE, ['job', 'allocs', '-json', job]))
      const runs = allocs.filter(({ ClientStatus }) => ClientStatus === 'running').map(({ ID }) => ID)
      const registered = (await instances(NODE, job)).map(({ ServiceID }) => ServiceID)
      if (runs.length !== 1) found.push(`${job} has ${runs.length} running allocations; expected 1`)
      else if (!registered.some((id) => id.includes(runs[0] ?? ''))) found.push(`${job} is not registered`)
      else if (registered.length > 1) found.push(`${job} has ${registered.length} registrations; expected 1`)
    }
    if (found.length > 0) return found
    const { stdout } = await attemptOnNode(NODE, ['salt-run', '--out=json', '--log-level=quiet', 'eos.status'])
    const status: { readonly components?: readonly { readonly name: string; readonly gate: string }[] } = JSON.parse(stdout)
    return (status.components ?? []).filter(({ gate }) => gate !== 'passed').map(({ name, gate }) => `the gate of ${name} is ${gate}`)
  } catch (thrown) {
    return [messageOf(thrown).split('\n')[0] ?? 'a server does not answer']
  }
}

/** Judges the audit by the independent checker, and what the servers show. */
export async function judged(workload: Workload, forged: ReadonlySet<string>, minutes: number): Promise<Verdict> {
  const quiet = Math.min(QUIET.most, QUIET.each * minutes)
  const before = await audit(forged)
  await sleep(quiet * 1000)
  const found = await audit(forged)
  const bridge: { readonly gaps?: readonly unknown[] } = JSON.parse((await attemptOnNode(NODE, ['salt-run', '--out=json', '--log-level=quiet', 'eos.bridge'])).stdout)
  const written = await foreignVersions(workload)
  const claims: Claim[] = [
    claim('the chain of the audit verifies, from its first line to its last', found.lines > 0, `${found.lines} lines`),
    claim('every bound holds over the whole audit, by a checker that shares no code with the healer', found.breaches.length === 0, found.breaches.slice(0, 5).join('; ') || `${found.acts.length} acts`),
    claim('every claim is of a decision, and each decision is claimed at most once', found.claimed_twice.length + found.claimed_unknown.length === 0, `${found.kinds['claimed'] ?? 0} claims of ${found.kinds['decided'] ?? 0} decisions`),
    claim('nothing that was forged was claimed', found.forged_claimed.length === 0, `${forged.size} forged or replayed, ${found.kinds['claim_refused'] ?? 0} refusals in the audit`),
    claim('the inbox lacks no number that it acknowledged', (bridge.gaps ?? [0]).length === 0, JSON.stringify(bridge.gaps)),
    claim('no version of a job was written by anybody but this run', written.length === 0, written.join('; ') || 'none'),
    claim(`nothing is decided in the ${quiet} s after the stack is well`, found.acts.length === before.acts.length, `${found.acts.length - before.acts.length} more`),
    claim('the checker refuses an audit that was altered, shortened, or has an act twice', found.altered_refused && found.repeated_refused, 'tried on copies'),
  ]
  return { claims, audit: found, forged: forged.size }
}

/** States a claim. */
export function claim(says: string, holds: boolean, detail: string): Claim {
  return { says, holds, detail }
}

async function audit(forged: ReadonlySet<string>): Promise<Audit> {
  for (const [from, name] of [['test/python/heal/bounds.py', 'bounds.py'], ['test/python/heal_proof/judge.py', 'judge.py']] as const) {
    await writeOnNode(NODE, `${FOLDER}/${name}`, await readFile(projectPath(from), 'utf8'))
  }
  return JSON.parse(await onNode(NODE, ['/opt/salt/bin/python', `${FOLDER}/judge.py`, HEALER, JSON.stringify([...forged])]))
}

/** Jobs with more versions than this run registered: somebody else wrote their specification. */
async function foreignVersions(workload: Workload): Promise<readonly string[]> {
  const found: string[] = []
  for (const [job, count] of workload.registered) {
    const { Version }: { readonly Version: number } = JSON.parse(await nomad(NODE, ['operator', 'api', '-X', 'GET', `/v1/job/${job}`]))
    // The first version has number 0; Nomad's own return to an older one would be one more.
    if (Version + 1 > count) found.push(`${job} has ${Version + 1} versions; expected ${count}`)
  }
  return found
}
