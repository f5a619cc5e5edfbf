import { existsSync } from 'node:fs'
import { builtServer } from '../../../kitchen/servers/build.ts'
import { serverNamed } from '../../../kitchen/servers/catalogue.ts'
import { cachePath } from '../../../kitchen/run/cache.ts'

/** The path of a server's binary: the lab's, built from its Go module where this machine has none. */
export function serverBinary(name: 'nomad' | 'consul'): Promise<string> {
  return builtServer(serverNamed(name))
}

/** The Python with Salt that the tests use: `EOS_SALT_PYTHON`, else the lab's cache. */
export function saltPython(): string {
  const found = [process.env['EOS_SALT_PYTHON'], cachePath('scratch-3008.3', 'bin', 'python')].find((path) => path !== undefined && existsSync(path))
  if (found === undefined) throw new Error('no Python with Salt; set EOS_SALT_PYTHON to the interpreter of an environment with Salt 3008.3')
  return found
}
