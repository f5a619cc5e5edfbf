import { existsSync, readdirSync } from 'node:fs'
import { cachePath } from '../../../kitchen/run/cache.ts'

/** The binary of a Nomad whose version begins so, or why there is none. */
export function builtVersion(prefix: string): { readonly binary: string; readonly reason: string | undefined } {
  const folder = cachePath('older')
  const found = existsSync(folder) ? readdirSync(folder).find((name) => name.startsWith(`nomad-${prefix}`)) : undefined
  if (found === undefined) return { binary: '', reason: `no Nomad ${prefix}x is built; test/fault/older.ts builds 1.10.5 and 1.11.2` }
  return { binary: cachePath('older', found, 'nomad'), reason: undefined }
}
