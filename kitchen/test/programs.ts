import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { attempt } from '../run/command.ts'
import { projectPath } from '../run/project.ts'
import { countsOfPytest, countsOfVitest, single, type Counts } from './counts.ts'

/** What stands for the report of a vitest that could not start. */
const NO_REPORT = '{"numPassedTests":0,"numFailedTests":0,"numPendingTests":0,"numTodoTests":0}'

type Environment = Readonly<Record<string, string>>

/** Runs vitest with these arguments and counts its tests. */
export async function vitest(args: readonly string[], env: Environment = {}): Promise<Counts> {
  return withReport(async (report) => {
    const code = await shown(process.execPath, [
      projectPath('node_modules/vitest/vitest.mjs'), 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...args,
    ], env)
    return countsOfVitest(await readFile(report, 'utf8').catch(() => NO_REPORT), code)
  })
}

/** Runs pytest in an environment and counts its tests; its output is shown when it has ended, so that several may run at once. */
export async function pytest(environment: string, env: Environment, what: readonly string[]): Promise<Counts> {
  return withReport(async (report) => {
    const args = ['-P', '-m', 'pytest', '-q', '-rs', `--junitxml=${report}`, ...what]
    const { code, stdout, stderr } = await attempt(join(environment, 'bin/python'), args, { cwd: projectPath(), env })
    process.stdout.write(stdout + stderr)
    return countsOfPytest(await readFile(report, 'utf8').catch(() => ''), code)
  })
}

/** Runs a program whose exit code is its verdict. */
export async function judged(command: string, args: readonly string[], env: Environment = {}): Promise<Counts> {
  return single((await shown(command, args, env)) === 0)
}

/** Runs a program in the repository with its output shown, and returns its exit code. */
export function shown(command: string, args: readonly string[], env: Environment = {}): Promise<number> {
  const child = spawn(command, args, { cwd: projectPath(), stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...env } })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve(code ?? 1))
  })
}

async function withReport<T>(work: (path: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'eos-report-'))
  try {
    return await work(join(folder, 'report'))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
