import { needEngine } from '../host/engine.ts'
import { repository } from '../debian/repository.ts'
import { mirrorCertificate } from '../mirror/certificates.ts'
import { publishedImages } from '../mirror/images.ts'
import { needMirror } from '../mirror/server.ts'
import { MIRROR_HOST, needNetwork, needNode } from '../node/container.ts'
import { nodeImage } from '../node/image.ts'
import { needSalt } from '../node/salt.ts'
import { say, seconds } from '../run/progress.ts'
import { settings } from '../settings.ts'
import { bootstrap } from '../stack/bootstrap.ts'
import { writePillar, type Supplies } from '../stack/pillar.ts'
import { needProduct } from '../stack/product.ts'
import { needSidecar } from '../stack/sidecar.ts'
import { readTopology, type Topology } from '../topology.ts'
import { readFile } from 'node:fs/promises'
import { readArguments } from './arguments.ts'
import { labStatus, tellStatus } from './status.ts'

/** Brings the lab up: what is missing is installed, built and started; what stands is left alone. */
export async function up(args: readonly string[]): Promise<number> {
  const given = readArguments('up', args, ['no-bootstrap'], ['topology'])
  const started = Date.now()
  const topology = await readTopology(given.value('topology') ?? 'one')
  await needEngine()
  const image = await nodeImage(settings.salt)
  await needNetwork(topology)
  const supplies = await needSupplies(topology, image)
  for (const [name, node] of Object.entries(topology.nodes)) await needNode(name, node, topology, image)
  await needSalt(topology)
  await needProduct(topology)
  await needSidecar(topology)
  await writePillar(topology, supplies)
  const nodes = Object.keys(topology.nodes).join(', ')
  if (given.has('no-bootstrap')) {
    say(`lab: nodes ${nodes} answer Salt ${settings.salt}, without the stack, after ${seconds(started)}`)
    return 0
  }
  await bootstrap(topology.master)
  const status = await labStatus(topology)
  tellStatus(status)
  const isUp = status.apps.every((app) => app.gate === 'passed') && status.components.every((component) => component.gate === 'passed')
  say(isUp ? `lab: up after ${seconds(started)}` : `lab: not all of it stands after ${seconds(started)}; see above`)
  return isUp ? 0 : 1
}

async function needSupplies(topology: Topology, image: string): Promise<Supplies> {
  const packages = await repository()
  const certificate = await mirrorCertificate(MIRROR_HOST, topology.mirror)
  const mirror = await needMirror(topology.mirror, image, packages, certificate)
  return { repository: packages, registryCa: await readFile(certificate.ca, 'utf8'), images: await publishedImages(mirror) }
}
