import { Failure, messageOf } from './run/failure.ts'
import { say } from './run/progress.ts'
import { demo } from './lab/demo.ts'
import { down } from './lab/down.ts'
import { exec } from './lab/exec.ts'
import { reinstall } from './lab/reinstall.ts'
import { status } from './lab/status.ts'
import { up } from './lab/up.ts'

/** Every verb of `npm run lab -- <verb>`; each takes its own arguments and returns the exit code. */
const verbs: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = { up, status, exec, reinstall, demo, down }

const usage = `npm run lab                              bring everything up (same as: up)
npm run lab -- up [--no-bootstrap] [--topology NAME]
npm run lab -- status [--json]           what stands and what waits
npm run lab -- exec NODE -- COMMAND...   run something on a node; n1 is the Salt master
npm run lab -- reinstall                 pack saltext-eos and eos-sidecar again and install them on every node
npm run lab -- demo events               play faults on the lab and show what Eos says of each
npm run lab -- demo heal                 play faults on the lab and show how each is healed, held or proposed
npm run lab -- down                      remove every container, volume and network of the lab`

async function main(args: readonly string[]): Promise<number> {
  const [verb = 'up', ...rest] = args[0]?.startsWith('--') === true && args[0] !== '--help' ? ['up', ...args] : args
  if (verb === '--help' || verb === 'help') {
    process.stdout.write(`${usage}\n`)
    return 0
  }
  const act = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined
  if (act === undefined) {
    throw new Failure(`unknown verb ${verb}; expected one of ${Object.keys(verbs).join(', ')}`, `\n${usage}`, 2)
  }
  return act(rest)
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (thrown) {
  say(`lab: ${messageOf(thrown)}`)
  if (thrown instanceof Failure) say(`what to do: ${thrown.hint}`)
  else if (thrown instanceof Error) say(thrown.stack ?? '')
  process.exitCode = thrown instanceof Failure ? thrown.exitCode : 1
}
