import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { attemptOnNode, onNode } from '../../../kitchen/node/container.ts'
import { incidents } from '../../../kitchen/faults/healing.ts'
import { fillMemory, killTask, purgeJob, running, startJob } from '../../../kitchen/faults/job.ts'
import { instances, loseRegistration } from '../../../kitchen/faults/registration.ts'
import { killSecondClient, removeSecondClient, SECOND_CLIENT, startSecondClient } from '../../../kitchen/faults/second-client.ts'
import { projectPath } from '../../../kitchen/run/project.ts'

const NODE = 'n1'
/** How long anybody has to make a fault good, in seconds. */
const PATIENCE = 150

/** Who may make it good: Nomad and Consul alone, with them a schedule of `state.apply` every minute, or with them the healer. */
export type Who = 'alone' | 'schedule' | 'healer'
/** What is done to the stack. */
export type Fault = 'process killed' | 'memory exceeded' | 'service deregistered' | 'node stopped'
export const FAULTS: readonly Fault[] = ['process killed', 'memory exceeded', 'service deregistered', 'node stopped']

/** How the acts on a fault ended: an act that was begun is verified or not, and one may be too late, or never begun. */
export const ENDS = ['verified', 'healed before', 'not verified', 'not begun'] as const

/** How long after it occurred nothing is decided, by declaration: facts of the same may still come, and after a deregistration the layers below have their turn. */
export const DECLARED: Readonly<Record<Fault, number>> = { 'process killed': 5, 'memory exceeded': 5, 'service deregistered': 35, 'node stopped': 5 }

/** Moments of one fault in seconds after it; null for what did not come. */
export interface Thread {
  readonly who: Who
  readonly fault: Fault
  readonly event: number | null
  /** The settled event that an act was decided for, or a note taken; where there was neither, the first. */
  readonly settled: number | null
  /** An act that was decided, or a note that was taken. */
  readonly decided: number | null
  /** The decision after the settled event. */
  readonly decidedAfterSettled: number | null
  /** The decision after the later of the settled event and what is waited for by declaration. */
  readonly decidedAfterDeclared: number | null
  readonly claimed: number | null
  readonly acted: number | null
  /** A result of an act that was begun, and found well. */
  readonly verified: number | null
  /** How the acts on it ended; null where there was none, or none that ended in time. */
  readonly end: (typeof ENDS)[number] | null
  /** When the stack was as before, whoever did it. */
  readonly well: number | null
}

interface Told {
  readonly event: number | null
  readonly settled: number | null
  readonly decided: number | null
  readonly note: number | null
  readonly claimed: number | null
  readonly acted: number | null
  readonly verified: number | null
  readonly occurred: number | null
  readonly end: Thread['end']
}

/** The job that a round's fault is done to: one of its own, so that no cool-down of another round is met. */
export function jobOf(who: Who, fault: Fault, round: number): string {
  return `bench-${who}-${fault.replace(' ', '-')}-${round}`
}

/** Does a fault, waits until the stack is as before, and follows what Eos made of it. */
export async function follow(who: Who, fault: Fault, round: number): Promise<Thread> {
  const job = jobOf(who, fault, round)
  if (fault === 'node stopped') await startSecondClient(NODE)
  else await startJob(NODE, job)
  const before = fault === 'node stopped' ? null : await running(NODE, job)
  const isThere = async (): Promise<boolean> => (await instances(NODE, job)).length === 1
  if (before !== null) await until(isThere)
  if (fault === 'service deregistered') await putBackByAgent(job, isThere)
  const began = await nodeTime()
  let name = before?.alloc ?? SECOND_CLIENT
  if (before !== null && fault === 'process killed') await killTask(NODE, before)
  if (before !== null && fault === 'memory exceeded') await fillMemory(NODE, before)
  if (fault === 'service deregistered') name = await loseRegistration(NODE, job)
  if (fault === 'node stopped') await killSecondClient(NODE)
  const started = before === null ? '' : await startOf(before.container)
  const isWell = async (): Promise<boolean> => {
    if (before === null) return (await told(began, name)).note !== null
    if (fault === 'service deregistered') return isThere()
    const now = await startOf(before.container)
    return now !== '' && now !== started
  }
  const well = (await until(isWell)) ? (await nodeTime()) - began : null
  let found = await told(began, name)
  // What was decided is followed to its end; what nobody decides is not waited for.
  for (const end = Date.now() + 60_000; who === 'healer' && Date.now() < end && (found.decided === null ? found.note === null : found.end === null); await sleep(1000)) found = await told(began, name)
  await (before === null ? removeSecondClient(NODE) : purgeJob(NODE, job))
  const after = (moment: number | null): number | null => (moment === null ? null : moment - began)
  const { end, settled } = found
  const decided = found.decided ?? found.note
  const free = settled === null ? null : Math.max(settled, (found.occurred ?? settled) + DECLARED[fault])
  const later = (one: number | null, other: number | null): number | null => (one === null || other === null ? null : one - other)
  return {
    who, fault, end,
    event: after(found.event), settled: after(settled), decided: after(decided),
    decidedAfterSettled: later(decided, settled), decidedAfterDeclared: later(decided, free),
    claimed: after(found.claimed), acted: after(found.acted), verified: after(found.verified),
    well: fault === 'node stopped' ? null : well,
  }
}

/** Has a registration lost and put back by its agent alone: so the agent looks next a minute after the loss that is measured, and not at any moment. */
async function putBackByAgent(job: string, isThere: () => Promise<boolean>): Promise<void> {
  const healing = (...words: readonly string[]): Promise<string> => onNode(NODE, ['salt-run', '--log-level=quiet', ...words])
  await healing('eos.suspend', `job:${job}`, 'for=10m', 'reason=benchmark', 'sure=True')
  try {
    await loseRegistration(NODE, job)
    await until(isThere)
  } finally {
    await healing('eos.resume', `job:${job}`)
  }
  // The next loss is an incident of its own.
  await until(async () => (await incidents(NODE, 'lost_registration')).every(({ state, place }) => state === 'closed' || !place.includes(job)))
}

async function until(holds: () => Promise<boolean>): Promise<boolean> {
  for (const end = Date.now() + PATIENCE * 1000; Date.now() < end; await sleep(200)) if (await holds()) return true
  return false
}

async function nodeTime(): Promise<number> {
  return Number(await onNode(NODE, ['date', '+%s.%N']))
}

/** When the container of a task was started last; empty where it is not there. */
async function startOf(container: string): Promise<string> {
  return (await attemptOnNode(NODE, ['docker', 'inspect', '--format', '{{if .State.Running}}{{.State.StartedAt}}{{end}}', container])).stdout.trim()
}

async function told(moment: number, name: string): Promise<Told> {
  const program = await readFile(projectPath('test', 'bench', 'heal', 'times.py'), 'utf8')
  return JSON.parse(await onNode(NODE, ['python3', '-', String(moment), name], program))
}
