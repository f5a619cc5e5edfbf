import { buildContracts } from '../contract/build.ts'
import { CHECKS } from '../contract/checks.ts'
import { sortProblems, type Problem } from '../contract/problem.ts'
import type { Contracts } from '../contract/types.ts'
import { collisions, emitAll } from '../emit/emit.ts'
import { newRender } from '../emit/render.ts'
import type { Source } from '../read/source.ts'
import { readTemplates } from './templates.ts'

const render = newRender(readTemplates())

/** What a run of the generator made: the files, or the problems that kept it from making any. */
export interface Generated {
  readonly contracts: Contracts
  /** Text by path below `generated/`; empty when there are problems. */
  readonly files: ReadonlyMap<string, string>
  readonly problems: readonly Problem[]
}

/** Turns declarations into the whole generated tree, in memory. */
export function generate(source: Source): Generated {
  const reading = source.read()
  const built = buildContracts(reading, CHECKS)
  const before = sortProblems([...reading.problems, ...built.problems])
  if (before.length > 0) return { contracts: built.contracts, files: new Map(), problems: before }
  const emitted = emitAll(built.contracts, render)
  const problems = sortProblems(collisions(emitted, reading.places))
  const files = problems.length > 0 ? [] : emitted.map(({ path, text }) => [path, text] as const)
  return { contracts: built.contracts, files: new Map(files), problems }
}
