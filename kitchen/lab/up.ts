import { needEngine } from '../host/engine.ts'
import { needNetwork, needNode } from '../node/container.ts'
import { nodeImage } from '../node/image.ts'
import { needSalt } from '../node/salt.ts'
import { say, seconds } from '../run/progress.ts'
import { settings } from '../settings.ts'
import { readTopology } from '../topology.ts'
import { readArguments } from './arguments.ts'

/** Brings the lab up: what is missing is installed, built and started; what stands is left alone. */
export async function up(args: readonly string[]): Promise<number> {
  const given = readArguments('up', args, ['no-bootstrap'], ['topology'])
  const started = Date.now()
  const topology = await readTopology(given.value('topology') ?? 'one')
  await needEngine()
  const image = await nodeImage(settings.salt)
  await needNetwork(topology)
  for (const [name, node] of Object.entries(topology.nodes)) await needNode(name, node, topology, image)
  await needSalt(topology)
  say(`lab: nodes ${Object.keys(topology.nodes).join(', ')} answer Salt ${settings.salt}, without the stack, after ${seconds(started)}`)
  return 0
}
