import { needEngine } from '../host/engine.ts'
import { nodeImage } from '../node/image.ts'
import { builtProvider } from '../provider/package.ts'
import { environmentOf } from '../python/environments.ts'
import { cached, cachePath } from '../run/cache.ts'
import { run } from '../run/command.ts'
import { fingerprint } from '../run/fingerprint.ts'
import { builtServer } from '../servers/build.ts'
import { servers } from '../servers/catalogue.ts'
import { sshServer } from '../servers/ssh.ts'
import { saltVersions } from '../settings.ts'
import { productWheel } from '../stack/wheel.ts'

/** What the stages need on this machine. */
export interface Bench {
  /** Folder of the Python environment with ruff, mypy and hatchling. */
  readonly tools: string
  /** Folder of the Python environment with each Salt, by version. */
  readonly salts: ReadonlyMap<string, string>
  /** The wheel of this tree, unpacked. */
  readonly wheel: string
}

/** Installs and builds what the tests need, from the cache where it is there. */
export async function prepare(): Promise<Bench> {
  await needEngine()
  const tools = await environmentOf('tools')
  const salts = new Map<string, string>()
  for (const version of saltVersions) salts.set(version, await environmentOf(`salt-${version}`))
  for (const server of servers) await builtServer(server)
  await builtProvider()
  await sshServer()
  for (const version of saltVersions) await nodeImage(version)
  return { tools, salts, wheel: await unpacked(await productWheel(), tools) }
}

async function unpacked(wheel: string, tools: string): Promise<string> {
  return cached(cachePath('product', `site-${fingerprint(wheel)}`), async (unfinished) => {
    await run(`${tools}/bin/python`, ['-m', 'zipfile', '-e', wheel, unfinished])
  })
}
