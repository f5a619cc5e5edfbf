import { parseArgs } from 'node:util'
import { Source } from '../read/source.ts'
import { runCheck } from './check.ts'
import { EosError } from '../contract/error.ts'
import { runExplain } from './explain.ts'
import { generate } from './generate.ts'
import { HELP } from './help.ts'
import { saidWritten, sayProblems, type Exit, type Output } from './output.ts'
import { writeTree } from './tree.ts'
import { watch } from './watch.ts'

const OPTIONS = {
  watch: { type: 'boolean' },
  json: { type: 'boolean' },
  'no-salt': { type: 'boolean' },
  help: { type: 'boolean' },
} as const

/** Runs one command of the generator on a repository. */
export async function main(argv: readonly string[], root: string, output: Output): Promise<Exit> {
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true })
    const [command, name, extra] = positionals
    if (values.help === true) {
      output.out(HELP)
      return 0
    }
    if (command === 'generate' && name === undefined) return await runGenerate(root, output, values.watch === true, values.json === true)
    if (command === 'check' && name === undefined) return await runCheck(root, output, values.json === true, values['no-salt'] !== true)
    if (command === 'explain' && name !== undefined && extra === undefined) return runExplain(root, output, name, values.json === true)
    output.err(`${command === undefined ? 'no command' : `\`${positionals.join(' ')}\``} given; expected generate, check or explain <name>; see --help`)
    return 2
  } catch (error) {
    if (error instanceof EosError) {
      output.err(error.message)
      return 1
    }
    if (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')) {
      output.err(`${error.message}; see --help`)
      return 2
    }
    throw error
  }
}

async function runGenerate(root: string, output: Output, isWatching: boolean, isJson: boolean): Promise<Exit> {
  const started = performance.now()
  const source = new Source(root)
  const made = generate(source)
  const written = made.problems.length > 0 ? { changed: [], removed: [] } : writeTree(`${root}/generated`, made.files)
  if (isJson) output.out(JSON.stringify({ problems: made.problems, ...written }, null, 2))
  else if (made.problems.length > 0) sayProblems(output, made.problems)
  else output.out(saidWritten(made.files.size, written, performance.now() - started))
  if (isWatching) return watch(root, source, output, untilStopped())
  return made.problems.length > 0 ? 1 : 0
}

/** Aborted when the process is asked to end. */
function untilStopped(): AbortSignal {
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort())
  return stop.signal
}
