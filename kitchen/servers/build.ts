import { existsSync } from 'node:fs'
import { chmod, mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { needOnHost } from '../host/apt.ts'
import { cached, cachePath } from '../run/cache.ts'
import { run } from '../run/command.ts'
import { Failure } from '../run/failure.ts'
import { fingerprint } from '../run/fingerprint.ts'
import { step } from '../run/progress.ts'
import { projectPath } from '../run/project.ts'
import type { Server } from './catalogue.ts'

/** Returns the path of a server's binary, built from its Go module where the cache lacks this version. */
export async function builtServer(server: Server): Promise<string> {
  const folder = projectPath('kitchen', 'servers', server.name)
  const flags = ['-mod=readonly', '-trimpath', '-tags', 'release', '-ldflags', ['-s -w', server.link].filter(Boolean).join(' ')]
  const modules = await Promise.all(['go.mod', 'go.sum'].map((file) => readFile(join(folder, file))))
  const key = fingerprint(...modules, ...flags, server.path)
  return cached(cachePath('servers', `${server.name}-${server.version}-${key}`, server.name), (unfinished) =>
    step(`building ${server.name} ${server.version} from its Go module (about ${server.seconds} s, once)`, async () => {
      await needGo()
      if (server.needsC === true) await needOnHost({ '/usr/bin/gcc': 'gcc', '/usr/include/stdlib.h': 'libc6-dev' })
      await mkdir(dirname(unfinished), { recursive: true })
      await run('go', ['build', ...flags, '-o', unfinished, server.path], { cwd: folder, env: { CGO_ENABLED: server.needsC === true ? '1' : '0', GOWORK: 'off' } })
      await verify(server, unfinished)
      await chmod(unfinished, 0o755)
    }),
  )
}

/** Refuses a binary that was not built from the module version that it is named after. */
async function verify(server: Server, binary: string): Promise<void> {
  const lines = (await run('go', ['version', '-m', binary])).split('\n').map((line) => line.trim().split('\t'))
  const found = lines.find(([kind, module]) => (kind === 'mod' || kind === 'dep') && module === server.module)?.[2]
  if (found !== `v${server.version}`) {
    throw new Failure(
      `the binary of ${server.name} was built from ${server.module} ${found ?? 'of no version'}; expected v${server.version}`,
      `make kitchen/servers/${server.name}/go.mod and kitchen/servers/catalogue.ts agree`,
    )
  }
}

async function needGo(): Promise<void> {
  const places = (process.env['PATH'] ?? '').split(':').map((folder) => join(folder, 'go'))
  if (!places.some((place) => existsSync(place))) await needOnHost({ '/usr/bin/go': 'golang-go' })
}
