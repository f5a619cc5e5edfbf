import { copyFile, mkdir, stat } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'
import { Failure, messageOf } from './run/failure.ts'
import { projectPath } from './run/project.ts'
import { say } from './run/progress.ts'
import { nodePackage, sidecarPackage } from './sidecar/package.ts'
import { productWheel } from './stack/wheel.ts'

/** Where `npm run package` puts what it makes; git ignores it. */
const DIST = projectPath('dist')

/** Makes everything that a site installs, and says where it is and how large. */
async function main(): Promise<void> {
  await mkdir(DIST, { recursive: true })
  for (const path of [await productWheel(), await sidecarPackage(), await nodePackage()]) {
    const target = join(DIST, plainName(basename(path)))
    await copyFile(path, target)
    const { size } = await stat(target)
    process.stdout.write(`${relative(projectPath(), target)}  ${(size / 2 ** 20).toFixed(2)} MiB\n`)
  }
}

/** The name without the cache's fingerprint: `eos-sidecar_0.1.0-1_amd64.deb`. */
function plainName(name: string): string {
  return name.replace(/_([^_]+)_[0-9a-f]{16}_amd64\.deb$/, '_$1-1_amd64.deb')
}

try {
  await main()
} catch (thrown) {
  say(`package: ${messageOf(thrown)}`)
  say(`what to do: ${thrown instanceof Failure ? thrown.hint : 'read the lines above'}`)
  process.exitCode = 1
}
