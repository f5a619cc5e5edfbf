import { builtServer } from '../servers/build.ts'
import { oldestServers } from '../servers/catalogue.ts'
import type { Counts } from './counts.ts'
import { pytest } from './programs.ts'

/** Runs the law, the random values, the bad input and the tests of every state by hand on the oldest servers that are supported; they are built first. */
export async function oldestStage(salt: string, wheel: string): Promise<Counts> {
  for (const server of oldestServers) await builtServer(server)
  // More values say nothing more about a version, nor do faults between Eos and a server: what it does not know fails with the first.
  const env = { EOS_WHEEL: wheel, EOS_SERVERS: 'oldest', EOS_FAULT: 'default', EOS_VALUES: process.env['EOS_VALUES'] ?? '25' }
  return pytest(salt, env, ['test/python/law', '--ignore-glob=*/test_faults*'])
}
