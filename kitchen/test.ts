import { parseArgs } from 'node:util'
import { join } from 'node:path'
import { Failure, messageOf } from './run/failure.ts'
import { projectPath } from './run/project.ts'
import { say, seconds, step } from './run/progress.ts'
import { inTurn } from './run/turn.ts'
import { inWords, NONE, plus, single, type Counts } from './test/counts.ts'
import { labStage } from './test/lab.ts'
import { oldestStage } from './test/oldest.ts'
import { prepare, type Bench } from './test/prepare.ts'
import { judged, pytest, vitest } from './test/programs.ts'

interface Stage {
  readonly name: string
  readonly run: (bench: Bench, isKept: boolean) => Promise<Counts>
  /** Belongs to the long form, and to nothing else unless it is named. */
  readonly isLong?: true
}

/** Every stage of `npm test`, in order; the quick ones first. */
const stages: readonly Stage[] = [
  { name: 'check', run: ({ salts }) => judged(process.execPath, [projectPath('src/cli.ts'), 'check'], { EOS_SALT_PYTHON: join(salts.get('3008.3') ?? '', 'bin/python') }) },
  { name: 'ruff', run: ({ tools }) => ruff(join(tools, 'bin/ruff')) },
  { name: 'mypy', run: ({ tools, salts }) => judged(join(tools, 'bin/mypy'), ['--no-incremental', '--python-executable', join(salts.get('3008.3') ?? '', 'bin/python')]) },
  { name: 'vitest', run: ({ tools }) => vitest(['--dir', 'test', '--exclude', '**/{lab,chaos,fault,fuzz}/**', '--testTimeout=60000'], { PATH: `${join(tools, 'bin')}:${process.env['PATH'] ?? ''}` }) },
  { name: 'go', run: () => judged('go', ['-C', projectPath('kitchen/provider'), 'test', './...']) },
  { name: 'pytest', run: ({ salts, wheel }) => bothLines(salts, wheel) },
  { name: 'oldest', isLong: true, run: ({ salts, wheel }) => oldestStage(salts.get('3008.3') ?? '', wheel) },
  { name: 'fault', run: ({ salts, wheel }) => vitest(['--dir', 'test', 'test/fault/', 'test/fuzz/'], { EOS_WHEEL: wheel, EOS_SALT_PYTHON: join(salts.get('3008.3') ?? '', 'bin/python') }) },
  { name: 'lab', run: (_, isKept) => inTurn('test-lab', () => labStage(isKept)) },
]

const usage = `npm test [-- --all] [-- --only ${stages.map(({ name }) => name).join('|')}] [-- --keep-lab]`

async function ruff(program: string): Promise<Counts> {
  const folders = ['saltext', 'generated/saltext', 'test/python', 'kitchen/check']
  return plus(await judged(program, ['format', '--check', '--no-cache', ...folders]), await judged(program, ['check', '--no-cache', '--quiet', ...folders]))
}

/** The Python tests on every Salt line at once, and beside them the law, one line after the other: most of their time is waiting for servers. By default each line has its share of what takes long whatever the Salt. */
async function bothLines(salts: Bench['salts'], wheel: string): Promise<Counts> {
  const lines = [...salts].map(([version, environment], share) => {
    const env = { EOS_WHEEL: wheel, ...(process.env['EOS_FAULT'] === 'all' ? {} : { EOS_SHARE: String(share) }) }
    return (name: string, what: readonly string[]) => step(`${name} on Salt ${version}`, () => pytest(environment, env, what))
  })
  const law = async (): Promise<Counts> => {
    let total = NONE
    for (const line of lines) total = plus(total, await line('the law', ['test/python/law']))
    return total
  }
  const rest = lines.map((line) => line('pytest', ['test/python', '--ignore=test/python/law']))
  return (await Promise.all([...rest, law()])).reduce(plus, NONE)
}

async function main(): Promise<Counts> {
  const { values } = parseArgs({ options: { only: { type: 'string', multiple: true }, 'keep-lab': { type: 'boolean' }, all: { type: 'boolean' } } })
  // What takes too long for every run: the long forms of the faults, each byte of a frame, and the oldest servers.
  if (values.all === true) process.env['EOS_FAULT'] = 'all'
  const only = values.only ?? stages.filter(({ isLong }) => isLong !== true || process.env['EOS_FAULT'] === 'all').map(({ name }) => name)
  const unknown = only.filter((name) => !stages.some((stage) => stage.name === name))
  if (unknown.length > 0) throw new Failure(`no stage ${unknown.join(', ')}; expected some of ${stages.map(({ name }) => name).join(', ')}`, usage)
  const bench = await step('preparing the tests', prepare)
  let total = NONE
  for (const stage of stages.filter(({ name }) => only.includes(name))) {
    const started = Date.now()
    say(`▸ ${stage.name}`)
    const counts = await stage.run(bench, values['keep-lab'] === true).catch((thrown: unknown) => {
      say(`${stage.name}: ${messageOf(thrown)}`)
      return single(false)
    })
    say(`▪ ${stage.name}: ${inWords(counts)}, ${seconds(started)}`)
    total = plus(total, counts)
  }
  return total
}

const total = await main().catch((thrown: unknown) => {
  say(`test: ${messageOf(thrown)}`)
  say(`what to do: ${thrown instanceof Failure ? thrown.hint : 'read the lines above'}`)
  return single(false)
})
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0
process.stdout.write(`${inWords(total)}\n`)
