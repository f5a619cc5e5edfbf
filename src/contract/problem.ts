import type { Code } from './codes.ts'

/** Where something stands in a source file; lines and columns count from 1. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
  /** The source line itself, for the code frame. */
  readonly text: string
  /** How many characters the frame underlines. */
  readonly length: number
}

/** One mistake: what is wrong, what was expected, what to do, and where. */
export interface Problem {
  readonly code: Code
  readonly what: string
  readonly expected: string
  readonly advice: string
  readonly where: Place
  /** Other places that take part: the second writer, the next link of a cycle. */
  readonly also: readonly Place[]
}

/** Sorts by file, line, column and code, and drops what is said twice. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  const sorted = [...problems].sort(
    (a, b) =>
      compareText(a.where.file, b.where.file) ||
      a.where.line - b.where.line ||
      a.where.column - b.where.column ||
      compareText(a.code, b.code) ||
      compareText(a.what, b.what),
  )
  return sorted.filter((problem, index) => index === 0 || !isSame(problem, sorted[index - 1]))
}

/** Prints a problem as a compiler would: place, code, text, frame, and a frame for each other place. */
export function formatProblem(problem: Problem): string {
  const { where, code, what, expected, advice } = problem
  const head = `${where.file}:${where.line}:${where.column} ${code} ${what}; expected ${expected}; ${advice}`
  const also = problem.also.flatMap((place) => [`  also ${place.file}:${place.line}:${place.column}`, frame(place)])
  return [head, frame(where), ...also].join('\n')
}

function frame(place: Place): string {
  const margin = String(place.line).length
  const shown = place.text.replaceAll('\t', ' ')
  const caret = ' '.repeat(place.column - 1) + '^'.repeat(Math.max(1, Math.min(place.length, shown.length - place.column + 1)))
  return `  ${place.line} | ${shown}\n  ${' '.repeat(margin)} | ${caret}`
}

function isSame(a: Problem, b: Problem | undefined): boolean {
  return b !== undefined && a.code === b.code && a.what === b.what && a.where.file === b.where.file && a.where.line === b.where.line && a.where.column === b.where.column
}

/** Orders text by code point, the same on every machine. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
