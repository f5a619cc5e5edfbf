import { parseArgs } from 'node:util'
import { readConfig, type Config } from './config/config.ts'
import { readTable } from './envelope/table.ts'
import { Intake } from './intake/intake.ts'
import { makeLog } from './log.ts'
import { messageOf, Refusal } from './refusal.ts'
import { runSidecar } from './run.ts'
import { startSources } from './sources.ts'
import { tidyWhenQuiet } from './tidy.ts'
import { VERSION } from './version.ts'

const USAGE = 'eos-sidecar --config <file> [--check] [--json] [--version]'
/** The exit codes of sysexits.h: a wrong configuration, and a file system that cannot be used. */
const EXIT = { config: 78, journal: 74 } as const

/** Where the contract's events are, beside the program. */
const TABLE = new URL('../../generated/events/table.json', import.meta.url)

async function main(): Promise<void> {
  process.umask(0o077)
  const { values } = readArguments()
  if (values.version === true) return void process.stdout.write(`${VERSION}\n`)
  const path = values.config ?? process.env['EOS_CONFIG']
  if (path === undefined) throw new Refusal('EOS601', 'no configuration is named', USAGE, 'name it with --config or EOS_CONFIG')
  const config = readConfig(path)
  const table = readTable(process.env['EOS_EVENTS'] ?? TABLE)
  if (values.check === true) return void process.stdout.write('the configuration is right\n')
  await run(config, table, values.json === true)
}

async function run(config: Config, table: ReturnType<typeof readTable>, isJson: boolean): Promise<void> {
  const log = makeLog(isJson, (line) => void process.stderr.write(line))
  const fatal = (problem: Refusal): never => {
    log('alert', problem.message, { code: problem.code })
    process.exit(EXIT.journal)
  }
  tidyWhenQuiet()
  const intake = new Intake()
  const running = await runSidecar({ config, table, version: VERSION, log, fatal, sources: (journal) => startSources(config, intake, journal, log) })
  const stop = (signal: string): void => {
    log('info', 'stopping', { signal })
    void running.stop().then(() => intake.close()).then(() => process.exit(0))
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
}

function readArguments(): { readonly values: { config?: string; check?: boolean; json?: boolean; version?: boolean } } {
  try {
    return parseArgs({ options: { config: { type: 'string' }, check: { type: 'boolean' }, json: { type: 'boolean' }, version: { type: 'boolean' } } })
  } catch (thrown) {
    throw new Refusal('EOS601', `the command line is wrong: ${messageOf(thrown)}`, USAGE, 'correct it')
  }
}

main().catch((thrown: unknown) => {
  process.stderr.write(`<1>eos-sidecar: ${thrown instanceof Error && !(thrown instanceof Refusal) ? (thrown.stack ?? thrown.message) : messageOf(thrown)}\n`)
  process.exit(thrown instanceof Refusal ? EXIT.config : 70)
})
