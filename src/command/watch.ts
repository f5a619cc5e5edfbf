import { watch as watchFolder } from 'node:fs/promises'
import { FOLDERS } from '../read/project.ts'
import type { Source } from '../read/source.ts'
import { generate } from './generate.ts'
import { saidWritten, sayProblems, type Exit, type Output } from './output.ts'
import { writeTree } from './tree.ts'

/** How long to collect changes: editors write a file in several steps. */
const SETTLE = 50

/** Generates again after each change until it is told to stop. */
export async function watch(root: string, source: Source, output: Output, signal: AbortSignal): Promise<Exit> {
  const dirty = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  output.out('watching src/; stop with Ctrl-C')
  const again = (): void => {
    const paths = [...dirty]
    dirty.clear()
    regenerate(root, source, paths, output)
  }
  try {
    for await (const { filename } of watchFolder(`${root}/src`, { recursive: true, signal })) {
      const path = `src/${(filename ?? '').replaceAll('\\', '/')}`
      if (!path.endsWith('.ts') || !Object.values(FOLDERS).some((folder) => path.startsWith(`${folder}/`))) continue
      dirty.add(path)
      clearTimeout(timer)
      timer = setTimeout(again, SETTLE)
    }
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'AbortError') throw error
  }
  clearTimeout(timer)
  return 0
}

/** Reads the changed files again and writes what follows from them. */
export function regenerate(root: string, source: Source, paths: readonly string[], output: Output): void {
  const started = performance.now()
  source.refresh(paths)
  const made = generate(source)
  output.out(`changed: ${paths.join(', ')}`)
  if (made.problems.length > 0) sayProblems(output, made.problems)
  else output.out(saidWritten(made.files.size, writeTree(`${root}/generated`, made.files), performance.now() - started))
}
