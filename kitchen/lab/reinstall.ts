import { say, seconds } from '../run/progress.ts'
import { needProduct } from '../stack/product.ts'
import { needSidecar } from '../stack/sidecar.ts'
import { readTopology } from '../topology.ts'
import { readArguments } from './arguments.ts'

/** Packs this tree again and installs it on every node of a running lab; for development. */
export async function reinstall(args: readonly string[]): Promise<number> {
  const given = readArguments('reinstall', args, [], ['topology'])
  const started = Date.now()
  const topology = await readTopology(given.value('topology') ?? 'one')
  const isProductNew = await needProduct(topology)
  const isSidecarNew = await needSidecar(topology)
  const names = [...(isProductNew ? ['saltext-eos'] : []), ...(isSidecarNew ? ['eos-sidecar'] : [])]
  say(`lab: ${names.length > 0 ? `${names.join(' and ')} installed` : 'saltext-eos and eos-sidecar of this tree are installed already'}, ${seconds(started)}`)
  return 0
}
