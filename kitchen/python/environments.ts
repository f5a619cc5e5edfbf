import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cached, cachePath } from '../run/cache.ts'
import { run } from '../run/command.ts'
import { fingerprint } from '../run/fingerprint.ts'
import { step } from '../run/progress.ts'
import { projectPath } from '../run/project.ts'
import { needCompiler, python } from './interpreter.ts'

/** A set of pinned packages: `tools`, `salt-<version>`, or `ansible` for a benchmark; its list stands in this folder. */
export type PackageSet = 'tools' | 'ansible' | `salt-${string}`

/** The newest setuptools that the sources of both Salt lines build with; newer ones ask for packages that need not exist. */
const BUILD_CONSTRAINT = 'setuptools<75.6\n'

/** The file that pins every package of a set. */
export function requirementsOf(set: PackageSet): string {
  return projectPath('kitchen', 'python', `${set}.txt`)
}

/** Returns a folder with a wheel of every package of the set, downloaded or built once. */
export async function wheelsOf(set: PackageSet): Promise<string> {
  const requirements = requirementsOf(set)
  const key = fingerprint(await readFile(requirements), BUILD_CONSTRAINT)
  return cached(cachePath('wheels', `${set}-${key}`), (unfinished) =>
    step(`fetching the Python packages of ${set} (about 70 s, once)`, async () => {
      if (set.startsWith('salt-')) await needCompiler()
      await mkdir(unfinished, { recursive: true })
      const constraint = join(unfinished, 'constraint.txt')
      await writeFile(constraint, BUILD_CONSTRAINT)
      const env = { PIP_CONSTRAINT: constraint, PIP_BUILD_CONSTRAINT: constraint, PIP_DISABLE_PIP_VERSION_CHECK: '1' }
      const pip = await builder()
      await run(pip, ['-m', 'pip', 'wheel', '--use-pep517', '--no-deps', '--wheel-dir', unfinished, '--requirement', requirements], { env })
    }),
  )
}

/** Returns the folder of a virtual environment with exactly the packages of the set. */
export async function environmentOf(set: PackageSet): Promise<string> {
  const wheels = await wheelsOf(set)
  const key = fingerprint(wheels)
  const folder = cachePath('environments', `${set}-${key}`)
  const finished = join(folder, 'finished')
  if (existsSync(finished)) return folder
  return step(`making the Python environment ${set}`, async () => {
    await run(await python(), ['-m', 'venv', '--clear', folder])
    await run(join(folder, 'bin/python'), [
      '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-index', '--no-deps', '--find-links', wheels,
      '--requirement', requirementsOf(set),
    ])
    await writeFile(finished, '')
    return folder
  })
}

/** A Python with pip of its own: Debian's refuses some options and another may hang on this machine's settings. */
async function builder(): Promise<string> {
  const folder = await cached(cachePath('environments', 'pip'), async (unfinished) => {
    await run(await python(), ['-m', 'venv', unfinished])
  })
  return join(folder, 'bin/python')
}
