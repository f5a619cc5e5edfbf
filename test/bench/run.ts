import { benchBridge } from './bridge.ts'
import { benchGenerate, benchRound } from './generate.ts'
import { benchHeal } from './heal.ts'

const [name = '', argument, extra] = process.argv.slice(2)
if (name === 'generate' && argument === undefined) benchGenerate()
else if (name === 'round' && argument !== undefined && extra === undefined) benchRound(argument)
else if (name === 'bridge' && (argument === undefined || argument === '--json') && extra === undefined) await benchBridge(argument === '--json')
else if (name === 'heal' && (argument === undefined || argument === '--json') && extra === undefined) await benchHeal(argument === '--json')
else {
  process.stderr.write(`\`${process.argv.slice(2).join(' ')}\` is no benchmark; expected generate, bridge [--json] or heal [--json]; run npm run bench -- generate\n`)
  process.exitCode = 2
}
