import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { main } from './command/main.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const output = { out: (text: string) => process.stdout.write(`${text}\n`), err: (text: string) => process.stderr.write(`${text}\n`) }
process.exitCode = await main(process.argv.slice(2), root, output)
