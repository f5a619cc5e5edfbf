import { execFileSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../../../kitchen/run/failure.ts'
import { projectPath } from '../../../kitchen/run/project.ts'
import { pause as pausing, kill, slow, startUnits } from './break-processes.ts'
import { clock, disk, partition } from './break-surroundings.ts'
import { garbage } from './break-words.ts'
import { Dice } from './dice.ts'
import { abortReason, converged, judged, type Verdict } from './judge.ts'
import type { Nemesis } from './nemesis.ts'
import { setStage } from './stage.ts'
import { Watch, type Look } from './watch.ts'
import { mendable, Workload } from './workload.ts'

/** Every nemesis of a run. */
export const NEMESES: readonly Nemesis[] = [kill, pausing, partition, disk, clock, slow, garbage]
const JOBS = 6
/** Minutes from which on a run also does what nobody but the healer mends: a short one may end before its turn comes. */
const LONG = 30
/** Longest time in which the stack has to be well again, in seconds, and the quiet time after it in which nothing may be decided. */
const CONVERGES = 15 * 60

/** What happened, second by second from the beginning. */
export interface Deed {
  readonly second: number
  readonly name: string
  readonly what: string
}

/** All that a run showed. */
export interface Run {
  readonly seed: number
  readonly minutes: number
  readonly began: Date
  /** What was checked out when it began: an hour later it may be something else. */
  readonly commit: string
  readonly aborted: string | null
  readonly hasClock: boolean
  readonly nemeses: readonly Deed[]
  readonly faults: readonly Deed[]
  readonly looks: readonly Look[]
  /** Seconds from the end of the last nemesis until the stack was well; null when it was not. */
  readonly converged: { readonly seconds: number | null; readonly missing: readonly string[] }
  readonly verdict: Verdict
}

/** Breaks a stack for some minutes, lets it recover, and judges what its healer did. */
export async function runChaos(minutes: number, seed: number, say: (line: string) => void): Promise<Run> {
  const dice = new Dice(seed)
  const stage = await setStage()
  const usable = NEMESES.filter((one) => one !== clock || stage.hasClock)
  const workload = new Workload(dice, JOBS, minutes >= LONG ? await mendable() : [])
  const mend = async (): Promise<void> => {
    for (const nemesis of usable) await nemesis.mend()
    await startUnits()
  }
  try {
    await workload.start()
    const watch = new Watch()
    try {
      const played = await play({ dice, workload, usable, minutes, say })
      await mend()
      say(`       no nemesis any more; the stack has ${CONVERGES / 60} min to be well`)
      const well = await converged(workload, CONVERGES, say)
      await watch.end()
      const verdict = await judged(workload, played.forged, minutes)
      return { seed, minutes, hasClock: stage.hasClock, ...played, looks: watch.looks, converged: well, verdict }
    } finally {
      await watch.end()
    }
  } finally {
    await mend()
    await workload.end()
    await stage.strike()
  }
}

interface Play {
  readonly dice: Dice
  readonly workload: Workload
  readonly usable: readonly Nemesis[]
  readonly minutes: number
  readonly say: (line: string) => void
}

/** Breaks and faults side by side until the time is over, or an abort condition is met. */
async function play({ dice, workload, usable, minutes, say }: Play): Promise<Pick<Run, 'began' | 'commit' | 'aborted' | 'nemeses' | 'faults'> & { readonly forged: ReadonlySet<string> }> {
  const began = new Date()
  const commit = execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], { cwd: projectPath(), encoding: 'utf8' }).trim()
  const isOver = (): boolean => aborted !== null || Date.now() - began.getTime() >= minutes * 60_000
  const [nemeses, faults, forged]: [Deed[], Deed[], Set<string>] = [[], [], new Set()]
  let aborted: string | null = null
  const pause = async (seconds: number): Promise<void> => {
    for (const until = Date.now() + seconds * 1000; Date.now() < until && !isOver(); ) await sleep(250)
  }
  const note = (list: Deed[], name: string, what: string): void => {
    const second = Math.round((Date.now() - began.getTime()) / 1000)
    list.push({ second, name, what })
    say(`${String(second).padStart(5)} s  ${name}: ${what}`)
  }
  const breaking = async (): Promise<void> => {
    while (!isOver()) {
      for (const nemesis of dice.shuffled(usable)) {
        if (isOver()) return
        try {
          note(nemeses, nemesis.name, await nemesis.strike({ dice, pause, forged }))
        } catch (thrown) {
          note(nemeses, nemesis.name, `not done: ${messageOf(thrown).split('\n')[0] ?? ''}`)
          await nemesis.mend()
        }
        await pause(dice.between(5, 25))
        aborted = await abortReason()
      }
    }
  }
  const faulting = async (): Promise<void> => {
    while (!isOver()) {
      const { fault, what } = await workload.strike()
      note(faults, fault, what)
      await pause(dice.between(15, 45))
    }
  }
  await Promise.all([breaking(), faulting()])
  return { began, commit, aborted, nemeses, faults, forged }
}
