import { benchGenerate, benchRound } from './generate.ts'

const [name = '', argument, extra] = process.argv.slice(2)
if (name === 'generate' && argument === undefined) benchGenerate()
else if (name === 'round' && argument !== undefined && extra === undefined) benchRound(argument)
else {
  process.stderr.write(`\`${process.argv.slice(2).join(' ')}\` is no benchmark; expected generate; run npm run bench -- generate\n`)
  process.exitCode = 2
}
