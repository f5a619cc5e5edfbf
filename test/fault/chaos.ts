import { parseArgs } from 'node:util'
import { messageOf } from '../../kitchen/run/failure.ts'
import { say } from '../../kitchen/run/progress.ts'
import { settings } from '../../kitchen/settings.ts'
import { claimsOf, writeReport } from './chaos/report.ts'
import { runChaos } from './chaos/run.ts'

const USAGE = 'EOS_LAB=eos-chaos EOS_LAB_NETWORK=172.30.79 npm run lab -- up --topology chaos; then EOS_LAB=eos-chaos node test/fault/chaos.ts [--minutes 60] [--seed <number>]'

/** Runs chaos on a lab of its own and writes what came of it into test/fault/results. */
async function main(): Promise<number> {
  const { values } = parseArgs({ options: { minutes: { type: 'string', default: '60' }, seed: { type: 'string', default: String(Date.now() % 1_000_000) } } })
  const [minutes, seed] = [Number(values.minutes), Number(values.seed)]
  if (!(minutes > 0) || !Number.isSafeInteger(seed)) throw new Error(`minutes is ${values.minutes} and seed ${values.seed}; expected numbers; ${USAGE}`)
  if (settings.name === 'eos') throw new Error(`this would break the lab that a person looks at; expected a lab of its own; ${USAGE}`)
  const run = await runChaos(minutes, seed, say)
  const claims = claimsOf(run)
  for (const { says, holds, detail } of claims) say(`${holds ? 'holds' : 'BROKEN'}  ${says}: ${detail}`)
  say(`written: ${writeReport(run)}`)
  return claims.every(({ holds }) => holds) ? 0 : 1
}

process.exitCode = await main().catch((thrown: unknown) => {
  say(`chaos: ${messageOf(thrown)}`)
  return 2
})
