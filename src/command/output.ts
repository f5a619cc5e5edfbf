import { formatProblem, type Problem } from '../contract/problem.ts'
import type { Written } from './tree.ts'

/** Where a command speaks; tests give their own. */
export interface Output {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

/** What a command ended with: 0 as wanted, 1 the declarations or the tree are wrong, 2 the call was wrong. */
export type Exit = 0 | 1 | 2

/** Says all problems of a run, then their number. */
export function sayProblems(output: Output, problems: readonly Problem[]): void {
  output.err(problems.map(formatProblem).join('\n\n'))
  output.err(`${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}; docs/errors.md explains each code`)
}

/** One line about what was written and how long it took. */
export function saidWritten(total: number, written: Written, milliseconds: number): string {
  const paths = [...written.changed.map((path) => `  wrote   generated/${path}`), ...written.removed.map((path) => `  removed generated/${path}`)]
  const line = `${total} files, ${written.changed.length} written, ${written.removed.length} removed, ${milliseconds.toFixed(0)} ms`
  return [...paths, line].join('\n')
}
