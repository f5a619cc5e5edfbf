import { join } from 'node:path'
import { environmentOf } from '../../kitchen/python/environments.ts'
import { benchBridge } from './bridge.ts'
import { benchConverge } from './converge.ts'
import { benchGenerate, benchRound } from './generate.ts'
import { benchHeal } from './heal.ts'

const [name = '', argument, extra] = process.argv.slice(2)
if (name === 'generate' && argument === undefined) benchGenerate()
else if (name === 'round' && argument !== undefined && extra === undefined) benchRound(argument)
else if (name === 'bridge' && (argument === undefined || argument === '--json') && extra === undefined) await withSalt(() => benchBridge(argument === '--json'))
else if (name === 'heal' && (argument === undefined || argument === '--json') && extra === undefined) await withSalt(() => benchHeal(argument === '--json'))
else if (name === 'converge' && (argument === undefined || argument === '--json') && extra === undefined) await withSalt(() => benchConverge(argument === '--json'))
else {
  process.stderr.write(`\`${process.argv.slice(2).join(' ')}\` is no benchmark; expected generate, bridge [--json], heal [--json] or converge [--json]; run npm run bench -- generate\n`)
  process.exitCode = 2
}

/** Sets the Python with Salt that a benchmark runs, made where this machine has none. */
async function withSalt(bench: () => Promise<void>): Promise<void> {
  process.env['EOS_SALT_PYTHON'] ??= join(await environmentOf('salt-3008.3'), 'bin/python')
  await bench()
}
