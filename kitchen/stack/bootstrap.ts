import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { attemptOnNode, containerName } from '../node/container.ts'
import { tail, type Outcome } from '../run/command.ts'
import { Failure } from '../run/failure.ts'
import { say, seconds } from '../run/progress.ts'

const LOCK_SECONDS = 900

/** Runs the main job on the master and tells each step as it begins. */
export async function bootstrap(master: string): Promise<void> {
  const started = Date.now()
  say('  … salt-run state.orchestrate eos.bootstrap')
  const events = tellSteps(master, started)
  const outcome = await orchestrated(master, started)
  events.stdin.end()
  if (outcome.code !== 0) {
    throw new Failure(
      `eos.bootstrap ended with ${outcome.code} after ${seconds(started)}; expected 0\n${summaryOf(outcome)}`,
      `npm run lab -- status says what waits for what; npm run lab -- exec ${master} -- salt-run state.orchestrate eos.bootstrap runs it again`,
    )
  }
  say(`  ✓ salt-run state.orchestrate eos.bootstrap, ${seconds(started)}`)
}

/** Runs the orchestration; a run that an interrupted call left on the master is waited for, up to its longest gates. */
async function orchestrated(master: string, started: number): Promise<Outcome> {
  for (;;) {
    const outcome = await attemptOnNode(master, ['salt-run', '--out=json', '--log-level=quiet', 'state.orchestrate', 'eos.bootstrap'])
    const holder = /the stack lock is held by [^;]*/.exec(outcome.stdout)?.[0]
    if (outcome.code === 0 || holder === undefined || Date.now() - started > LOCK_SECONDS * 1000) return outcome
    say(`    ${seconds(started).padStart(8)}  waiting: ${holder}`)
    await sleep(10_000)
  }
}

/** The orchestration's own summary: what failed and why, without the steps that went well. */
function summaryOf(outcome: Outcome): string {
  const comment = /"comment": "(bootstrap: (?:[^"\\]|\\.)*)"/.exec(outcome.stdout)?.[1]
  if (comment === undefined) return tail(outcome)
  const lines = String(JSON.parse(`"${comment}"`)).split('\n')
  return lines.filter((line, index) => index === 0 || line.startsWith('failed:')).map((line) => `    ${line}`).join('\n')
}

/** Follows the event bus of the master: an orchestration says there which state run it starts. It ends with its input. */
function tellSteps(master: string, started: number) {
  const follow = 'salt-run state.event "salt/run/*/args" pretty=False & cat >/dev/null; kill $!'
  const child = spawn('docker', ['exec', '--interactive', containerName(master), 'sh', '-c', follow], { stdio: ['pipe', 'pipe', 'ignore'] })
  createInterface({ input: child.stdout }).on('line', (line) => {
    const found = /"tgt": \["?([\w-]+)"?\].*?"eos\.([\w-]+)"/.exec(line)
    if (found !== null) say(`    ${seconds(started).padStart(8)}  ${found[2]} on ${found[1]}`)
  })
  return child
}
