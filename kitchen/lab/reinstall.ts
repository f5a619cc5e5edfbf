import { say, seconds } from '../run/progress.ts'
import { needProduct } from '../stack/product.ts'
import { readTopology } from '../topology.ts'
import { readArguments } from './arguments.ts'

/** Packs this tree again and installs it on every node of a running lab; for development. */
export async function reinstall(args: readonly string[]): Promise<number> {
  const given = readArguments('reinstall', args, [], ['topology'])
  const started = Date.now()
  const isChanged = await needProduct(await readTopology(given.value('topology') ?? 'one'))
  say(`lab: ${isChanged ? 'saltext-eos installed' : 'this saltext-eos is installed already'}, ${seconds(started)}`)
  return 0
}
