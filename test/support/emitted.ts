import { readTemplates } from '../../src/command/templates.ts'
import type { Contracts } from '../../src/contract/types.ts'
import { emitAll } from '../../src/emit/emit.ts'
import { newRender } from '../../src/emit/render.ts'

const render = newRender(readTemplates())

/** The generated files of contracts, by path below `generated/`. */
export function emitted(contracts: Contracts): Map<string, string> {
  return new Map(emitAll(contracts, render).map(({ path, text }) => [path, text]))
}
