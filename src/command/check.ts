import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { sortProblems, type Problem } from '../contract/problem.ts'
import { inspectProject, withoutEchoes } from '../read/compile.ts'
import { Source } from '../read/source.ts'
import { generate } from './generate.ts'
import { judgeHooks } from './hooks.ts'
import { sayProblems, type Exit, type Output } from './output.ts'
import { difference } from './difference.ts'
import { judgePolicyHooks } from './policy-hooks.ts'
import { readTree } from './tree.ts'

/** The program that loads the emitted tree into real Salt; it prints its problems and exits 0, 1 or 2. */
const SALT_CHECK = 'kitchen/check/run'

/** Types, style, declarations, staleness, hooks, then the tree in real Salt; everything that is wrong is printed. */
export async function runCheck(root: string, output: Output, isJson: boolean, isSalt: boolean): Promise<Exit> {
  const made = generate(new Source(root))
  const problems = sortProblems([...made.problems, ...withoutEchoes(inspectProject(root), made.problems)])
  const stale = made.problems.length > 0 ? [] : difference(readTree(`${root}/generated`), made.files)
  const hooks = made.problems.length > 0 ? [] : [...judgeHooks(root, made.contracts), ...judgePolicyHooks(root, made.contracts)]
  const salt = isSalt && made.problems.length === 0 ? loadInSalt(root) : []
  const isClean = problems.length === 0 && stale.length === 0 && hooks.length === 0 && salt.length === 0
  if (isJson) output.out(JSON.stringify({ problems, stale: stale.map(({ code, path }) => ({ code, path })), hooks, salt }, null, 2))
  else if (isClean) output.out(`check: ${made.files.size} files are as their declarations say${isSalt ? ', and real Salt loads them' : ''}`)
  else say(output, problems, [...stale.map(({ text }) => text), ...hooks, ...salt])
  return isClean ? 0 : 1
}

function say(output: Output, problems: readonly Problem[], lines: readonly string[]): void {
  if (problems.length > 0) sayProblems(output, problems)
  for (const line of lines) output.err(line)
}

/** What real Salt has against the tree, line by line. */
function loadInSalt(root: string): string[] {
  const program = `${root}/${SALT_CHECK}`
  if (!existsSync(program)) return [`${SALT_CHECK} is not there; expected the program that loads the tree into real Salt; restore it`]
  const { status, stdout, error } = spawnSync(program, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = (stdout ?? '').split('\n').filter((line) => line !== '')
  if (status === 0) return []
  if (status === 1 && lines.length > 0) return lines
  const why = error ? error.message : `it ended with ${status ?? 'a signal'}`
  return [...lines, `the tree was not loaded into real Salt: ${why}; expected a Python with the pinned Salt; see above, or leave it out with --no-salt`]
}
