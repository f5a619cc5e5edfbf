import type { Node, SourceFile } from 'ts-morph'
import type { Code } from '../contract/codes.ts'
import type { Place, Problem } from '../contract/problem.ts'

/** Collects the problems of a run; nothing is thrown for a mistake in a declaration. */
export interface Report {
  readonly root: string
  readonly problems: Problem[]
}

/** The path of a source file below the repository, with forward slashes. */
export function pathOf(report: Report, source: SourceFile): string {
  return source.getFilePath().slice(report.root.length + 1)
}

/** The place of a node. */
export function placeOf(report: Report, node: Node): Place {
  return placeAt(report, node.getSourceFile(), node.getStart(), node.getWidth())
}

/** The place of a stretch of text. */
export function placeAt(report: Report, source: SourceFile, start: number, length: number): Place {
  // ts-morph's own look-up counts lines from the top each time; the compiler keeps a table.
  const { compilerNode } = source
  const { line, character } = compilerNode.getLineAndCharacterOfPosition(start)
  const from = start - character
  const end = compilerNode.text.indexOf('\n', start)
  return { file: pathOf(report, source), line: line + 1, column: character + 1, text: compilerNode.text.slice(from, end < 0 ? undefined : end).trimEnd(), length }
}

/** Adds a problem to the report. */
export function refuse(report: Report, code: Code, where: Place, what: string, expected: string, advice: string, also: readonly Place[] = []): void {
  report.problems.push({ code, what, expected, advice, where, also })
}
