import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { EosError } from '../contract/error.ts'

/** What writing a tree did. */
export interface Written {
  readonly changed: readonly string[]
  readonly removed: readonly string[]
}

/** The text of every file below a folder, by relative path; a link anywhere in it is refused. */
export function readTree(folder: string): Map<string, string> {
  const files = new Map<string, string>()
  walk(folder, '', files)
  return files
}

/** Makes a folder hold exactly these files: writes only changed bytes, removes what is in nobody's list. */
export function writeTree(folder: string, wanted: ReadonlyMap<string, string>): Written {
  const found = readTree(folder)
  const changed = [...wanted].filter(([path, text]) => found.get(path) !== text)
  for (const parent of new Set(changed.map(([path]) => dirname(path)))) mkdirSync(join(folder, parent), { recursive: true })
  for (const [path, text] of changed) {
    const target = join(folder, path)
    if (!found.has(path)) {
      writeFileSync(target, text)
      continue
    }
    // Written beside and renamed, so that a reader of the old file never sees half of the new one.
    writeFileSync(`${target}.new`, text)
    renameSync(`${target}.new`, target)
  }
  const removed = [...found.keys()].filter((path) => !wanted.has(path))
  for (const path of removed) {
    rmSync(join(folder, path))
    removeEmpty(folder, dirname(path))
  }
  return { changed: changed.map(([path]) => path), removed }
}

function walk(folder: string, below: string, files: Map<string, string>): void {
  const here = join(folder, below)
  const stat = lstatSync(here, { throwIfNoEntry: false })
  if (!stat) return
  if (!stat.isDirectory()) throw leadsElsewhere(here)
  for (const entry of readdirSync(here, { withFileTypes: true })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`
    if (entry.isDirectory()) {
      // Python leaves compiled modules beside what it imports; they are nobody's source.
      if (entry.name !== '__pycache__') walk(folder, path, files)
    } else if (entry.isFile()) files.set(path, readFileSync(join(folder, path), 'utf8'))
    else throw leadsElsewhere(join(folder, path))
  }
}

function leadsElsewhere(path: string): EosError {
  return new EosError('EOS312', `${path} leads elsewhere`, 'plain files and folders; links are never followed', 'remove it')
}

function removeEmpty(folder: string, below: string): void {
  if (below === '.') return
  if (readdirSync(join(folder, below)).length > 0) return
  rmdirSync(join(folder, below))
  removeEmpty(folder, dirname(below))
}
