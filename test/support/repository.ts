import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { main } from '../../src/command/main.ts'
import { stack, type Files } from './declarations.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** The hooks that the fixture's declarations name. */
const HOOKS = [
  ['tls', 'certificates_are_valid'],
  ['app', 'deployment_is_successful'],
] as const

/** A repository on disk with these declarations, removed after the test. */
export function repository(files: Files = stack()): string {
  const root = mkdtempSync(join(tmpdir(), 'eos-repository-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  for (const [path, text] of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  mkdirSync(join(root, 'src/schema'), { recursive: true })
  for (const name of ['index.ts', 'policy.ts', 'resource.ts']) cpSync(join(ROOT, 'src/schema', name), join(root, 'src/schema', name))
  mkdirSync(join(root, 'saltext/eos/hooks'), { recursive: true })
  for (const [name, hook] of HOOKS) writeFileSync(join(root, `saltext/eos/hooks/${name}.py`), `def ${hook}(values, context):\n    return {"ok": True, "observed": "all"}\n`)
  cpSync(join(ROOT, 'tsconfig.json'), join(root, 'tsconfig.json'))
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'))
  return root
}

/** What a command said and how it ended. */
export interface Ran {
  readonly exit: number
  readonly out: string
  readonly err: string
}

/** Runs a command of the generator in this process. */
export async function run(root: string, ...argv: string[]): Promise<Ran> {
  const out: string[] = []
  const err: string[] = []
  const exit = await main(argv, root, { out: (text) => out.push(text), err: (text) => err.push(text) })
  return { exit, out: out.join('\n'), err: err.join('\n') }
}
