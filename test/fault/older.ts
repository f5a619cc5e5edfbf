import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { cached, cachePath } from '../../kitchen/run/cache.ts'
import { run } from '../../kitchen/run/command.ts'
import { projectPath } from '../../kitchen/run/project.ts'

/** The Nomads that the long forms of faults 13, 14 and 44 want beside the one that the kitchen pins. */
const VERSIONS = ['1.10.5', '1.11.2']

/** Builds each from its Go module, where the cache lacks it, as the kitchen builds its own: some minutes each. */
async function main(): Promise<void> {
  const pinned = await readFile(projectPath('kitchen', 'servers', 'nomad', 'go.mod'), 'utf8')
  const tools = await readFile(projectPath('kitchen', 'servers', 'nomad', 'tools.go'), 'utf8')
  for (const version of VERSIONS) {
    const binary = await cached(cachePath('older', `nomad-${version}`, 'nomad'), async (unfinished) => {
      const folder = `${unfinished}.module`
      await mkdir(folder, { recursive: true })
      await mkdir(dirname(unfinished), { recursive: true })
      await writeFile(join(folder, 'go.mod'), pinned.replace(/(github\.com\/hashicorp\/nomad) v\S+/, `$1 v${version}`))
      await writeFile(join(folder, 'tools.go'), tools)
      // 1.10 has parts in C.
      const env = { CGO_ENABLED: '1', GOWORK: 'off' }
      await run('go', ['mod', 'tidy', '-e'], { cwd: folder, env })
      await run('go', ['build', '-trimpath', '-tags', 'release', '-ldflags', '-s -w', '-o', unfinished, 'github.com/hashicorp/nomad'], { cwd: folder, env })
      await chmod(unfinished, 0o755)
      await rm(folder, { recursive: true })
    })
    process.stdout.write(`${(await run(binary, ['version'])).split('\n')[0]}: ${binary}\n`)
  }
}

await main()
