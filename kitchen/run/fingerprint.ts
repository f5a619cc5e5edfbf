import { createHash } from 'node:crypto'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** A short name for exactly this content; any change gives another name. */
export function fingerprint(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(createHash('sha256').update(part).digest())
  return hash.digest('hex').slice(0, 16)
}

/** The fingerprint of all files below the folders: their names and bytes. */
export async function fingerprintOf(...folders: readonly string[]): Promise<string> {
  const parts: (string | Uint8Array)[] = []
  for (const folder of folders) {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
    for (const path of paths.filter((path) => !path.includes('__pycache__')).sort()) parts.push(path.slice(folder.length), await readFile(path))
  }
  return fingerprint(...parts)
}
