import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { environmentOf } from '../python/environments.ts'
import { cached, cachePath } from '../run/cache.ts'
import { run } from '../run/command.ts'
import { fingerprint, fingerprintOf } from '../run/fingerprint.ts'
import { Failure } from '../run/failure.ts'
import { step } from '../run/progress.ts'
import { projectPath } from '../run/project.ts'

const SOURCES = ['saltext', 'generated', 'salt'] as const

/** Returns the wheel of this tree, packed where the cache lacks this content. */
export async function productWheel(): Promise<string> {
  const content = await fingerprintOf(...SOURCES.map((source) => projectPath(source)))
  const key = fingerprint(content, await readFile(projectPath('pyproject.toml')))
  const folder = await cached(cachePath('product', key), (unfinished) =>
    step('packing the wheel saltext-eos', async () => {
      const tools = await environmentOf('tools')
      await run(join(tools, 'bin/python'), ['-m', 'hatchling', 'build', '-t', 'wheel', '-d', unfinished], { cwd: projectPath() })
    }),
  )
  const wheel = (await readdir(folder)).find((file) => file.endsWith('.whl'))
  if (wheel === undefined) throw new Failure(`hatchling left no wheel in ${folder}; expected one`, `remove ${folder} and run this again`)
  return join(folder, wheel)
}
