import { readFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { dirname, relative, resolve } from 'node:path'
import { Failure } from '../run/failure.ts'
import { projectPath } from '../run/project.ts'

/** Where the sidecar begins; everything else follows from what it imports. */
const ENTRY = 'src/sidecar/main.ts'
/** Data that the program reads beside itself. */
const DATA = ['generated/events/table.json'] as const

/** A module named in a source: in an import, or as the file of a thread. */
const NAMED = /(?<lead>\bfrom\s*|\bimport\s*\(?\s*|\bnew URL\(\s*)'(?<name>[^']+)'/g

/** One file of the program: where it stands below the program's folder, and its text. */
export interface ProgramFile {
  readonly path: string
  readonly text: string
}

/** Returns the sidecar as JavaScript: every module that `src/sidecar/main.ts` reaches, without its types, and the data it reads. */
export async function sidecarProgram(): Promise<readonly ProgramFile[]> {
  const found = new Map<string, string>()
  const waiting = [ENTRY]
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (found.has(path)) continue
    const plain = stripTypeScriptTypes(await readFile(projectPath(path), 'utf8'), { mode: 'strip' })
    const modules = namedModules(path, plain)
    found.set(path, plain.replace(NAMED, (_, lead: string, name: string) => `${lead}'${name.replace(/^(\..*)\.ts$/, '$1.js')}'`))
    waiting.push(...modules)
  }
  const data = await Promise.all(DATA.map(async (path) => ({ path, text: await readFile(projectPath(path), 'utf8') })))
  const modules = [...found].map(([path, text]) => ({ path: path.replace(/\.ts$/, '.js'), text }))
  return [...modules, ...data, { path: 'package.json', text: '{ "type": "module" }\n' }].sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** The modules of this repository that a module names; one that Node does not have by itself is refused. */
function namedModules(path: string, plain: string): readonly string[] {
  const names = [...plain.matchAll(NAMED)].map((match) => match.groups?.['name'] ?? '')
  const foreign = names.find((name) => !name.startsWith('.') && !name.startsWith('node:'))
  if (foreign !== undefined) {
    throw new Failure(`${path} imports ${foreign}; expected modules of this repository and of Node`, 'the package of the sidecar carries no node_modules: do without it')
  }
  return names.filter((name) => name.endsWith('.ts')).map((name) => relative(projectPath(), resolve(dirname(projectPath(path)), name)))
}
