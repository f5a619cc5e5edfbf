import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { sortProblems, type Problem } from '../contract/problem.ts'
import { inspectProject, withoutEchoes } from '../read/compile.ts'
import { Source } from '../read/source.ts'
import { generate } from './generate.ts'
import { sayProblems, type Exit, type Output } from './output.ts'
import { difference } from './difference.ts'
import { readTree } from './tree.ts'

/** The program that loads the emitted tree into real Salt; it prints its problems and exits 0, 1 or 2. */
const SALT_CHECK = 'kitchen/check/run'

/** Types, style, declarations, staleness, then the tree in real Salt; everything that is wrong is printed. */
export async function runCheck(root: string, output: Output, isJson: boolean, isSalt: boolean): Promise<Exit> {
  const made = generate(new Source(root))
  const problems = sortProblems([...made.problems, ...withoutEchoes(inspectProject(root), made.problems)])
  const stale = made.problems.length > 0 ? [] : difference(readTree(`${root}/generated`), made.files)
  if (isJson) output.out(JSON.stringify({ problems, stale: stale.map(({ code, path }) => ({ code, path })) }, null, 2))
  else say(output, problems, stale.map(({ text }) => text))
  const salt = isSalt && made.problems.length === 0 ? loadInSalt(root, output) : 0
  const isClean = problems.length === 0 && stale.length === 0 && salt === 0
  if (isClean && !isJson) output.out(`check: ${made.files.size} files are as their declarations say${isSalt ? ', and real Salt loads them' : ''}`)
  return isClean ? 0 : 1
}

function say(output: Output, problems: readonly Problem[], stale: readonly string[]): void {
  if (problems.length > 0) sayProblems(output, problems)
  for (const text of stale) output.err(text)
}

function loadInSalt(root: string, output: Output): number {
  if (!existsSync(`${root}/${SALT_CHECK}`)) {
    output.err(`${SALT_CHECK} is not there; expected the program that loads the tree into real Salt; restore it`)
    return 1
  }
  const { status, error } = spawnSync(`${root}/${SALT_CHECK}`, { cwd: root, stdio: 'inherit' })
  if (status === 2 || error) output.err(`the tree was not loaded into real Salt${error ? `: ${error.message}` : ''}; expected a machine that can run the node image; see above, or leave it out with --no-salt`)
  return status ?? 1
}
