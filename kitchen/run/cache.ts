import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

/** The folder of everything that the lab builds or downloads once: `$EOS_CACHE`, else `$XDG_CACHE_HOME/eos`, else `~/.cache/eos`. */
export function cachePath(...parts: readonly string[]): string {
  const root = process.env['EOS_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'eos')
  return join(root, ...parts)
}

/**
 * Returns the path, made first where it is missing. `make` writes to another path that is renamed at the end, so an
 * interruption leaves nothing half done.
 */
export async function cached(path: string, make: (unfinished: string) => Promise<void>): Promise<string> {
  if (existsSync(path)) return path
  const unfinished = `${path}.${process.pid}-${randomBytes(3).toString('hex')}.unfinished`
  await mkdir(dirname(path), { recursive: true })
  try {
    await make(unfinished)
    if (!existsSync(path)) await rename(unfinished, path)
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
  return path
}
