import { performance } from 'node:perf_hooks'
import { loadavg } from 'node:os'
import { attempt, tail } from '../../../kitchen/run/command.ts'
import { Failure } from '../../../kitchen/run/failure.ts'
import { say } from '../../../kitchen/run/progress.ts'
import type { Scene } from '../../fault/harness/scene.ts'
import type { Counted } from './counted.ts'
import { orderOf, type Requests, type Timed } from './numbers.ts'
import { sizeOf, wanted } from './objects.ts'
import type { Servers } from './servers.ts'
import { STEPS, type Command, type Place, type Step, type Tool } from './tool.ts'

/** Requests of a tool in a step. */
export interface Counting {
  readonly tool: string
  readonly step: Step
  readonly requests: Requests
}

/** One round through relays that count: it warms every tool up, and none of its times is used. */
export async function countingRound(scene: Scene, servers: Servers, tools: readonly Tool[], counted: Counted): Promise<readonly Counting[]> {
  const found: Counting[] = []
  for (const tool of tools) {
    await course(scene, servers, tool, 0, ['first', 'no-op'], counted.place, (step) => found.push({ tool: tool.name, step, requests: counted.take() }))
  }
  return found
}

/** Rounds in which the tools take turns, each on servers that have nothing but its own objects. */
export async function timedRounds(scene: Scene, servers: Servers, tools: readonly Tool[], rounds: number): Promise<readonly Timed[]> {
  const times: Timed[] = []
  for (let round = 1; round <= rounds; round += 1) {
    for (const tool of orderOf(tools, round)) {
      await course(scene, servers, tool, round, STEPS, servers.place, (step, seconds) => times.push({ tool: tool.name, step, round, seconds, load: load() }))
    }
  }
  return times
}

/** The steps of one tool; what a step does not do as it should ends the benchmark. */
async function course(scene: Scene, servers: Servers, tool: Tool, round: number, steps: readonly Step[], place: Place, note: (step: Step, seconds: number) => void): Promise<void> {
  const prefix = `b${tool.name.toLowerCase().replaceAll(/[^a-z]/g, '')}${round}`
  const objects = wanted(prefix, tool.kinds)
  const commands = await tool.prepare(scene.place(prefix), place, objects)
  try {
    for (const step of steps) {
      const seconds = await timed(tool, step, commands[step], sizeOf(objects))
      note(step, seconds)
      say(`round ${round}, ${tool.name}, ${step}: ${seconds.toFixed(2)} s (load ${load().toFixed(1)})`)
      if (step === 'first' && !tool.isIdle) await servers.settled(prefix, objects.jobs.length)
    }
  } finally {
    await servers.cleared(prefix)
  }
}

async function timed(tool: Tool, step: Step, { program, args, cwd, env }: Command, objects: number): Promise<number> {
  const begun = performance.now()
  const outcome = await attempt(program, args, { cwd, env: env ?? {} })
  const seconds = (performance.now() - begun) / 1_000
  const said = tool.read(step, outcome.code, outcome.stdout)
  const expected = step === 'first' && !tool.isIdle ? objects : 0
  const isWhole = step === 'start' || said.seen === null || said.seen === objects
  if (said.failed === 0 && said.changed === expected && isWhole) return seconds
  throw new Failure(
    `${tool.name}, ${step}: ${said.changed} changed, ${said.failed} failed, ${said.seen ?? 'unknown'} looked at; expected ${expected} changed of ${objects}\n${tail(outcome)}`,
    'read the lines above: a tool that does not do its work cannot be measured',
  )
}

function load(): number {
  return Math.round((loadavg()[0] ?? 0) * 10) / 10
}
