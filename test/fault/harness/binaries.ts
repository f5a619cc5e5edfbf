import { existsSync } from 'node:fs'
import { builtServer } from '../../../kitchen/servers/build.ts'
import { serverNamed } from '../../../kitchen/servers/catalogue.ts'

/** The path of a server's binary: the lab's, built from its Go module where this machine has none. */
export function serverBinary(name: 'nomad' | 'consul'): Promise<string> {
  return builtServer(serverNamed(name))
}

/** The Python with Salt that the tests use: `EOS_SALT_PYTHON`, which `npm test` and the benchmarks set. */
export function saltPython(): string {
  const found = process.env['EOS_SALT_PYTHON'] ?? ''
  if (!existsSync(found)) throw new Error(`EOS_SALT_PYTHON is ${found || 'not set'}; expected the interpreter of an environment with Salt 3008.3: set it, or run npm test`)
  return found
}
