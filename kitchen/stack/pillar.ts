import { stringify, type Tags } from 'yaml'
import { SUITE, type Repository } from '../debian/repository.ts'
import { REGISTRY } from '../mirror/images.ts'
import { MIRROR_HOST, onNode, writeOnNode } from '../node/container.ts'
import { Failure } from '../run/failure.ts'
import type { Topology } from '../topology.ts'

/** The pillar of the stack, and the top file that gives it to every minion and to orchestrations. */
export const PILLAR_FILE = '/srv/pillar/eos.sls'
const TOP_FILE = '/srv/pillar/top.sls'
/**
 * Salt reads YAML 1.1, where a plain `11:25` is a number of base 60: what is written for it is quoted as that needs. A map that is made on the
 * way to a path is a plain one, and no `!!omap`, which Salt does not render.
 */
export const SALT_YAML = { version: '1.1', lineWidth: 0, customTags: (tags: Tags): Tags => tags.filter((tag) => typeof tag === 'string' || tag.tag !== OMAP) } as const
const OMAP = 'tag:yaml.org,2002:omap'

/** What the lab's mirror adds to the pillar. */
export interface Supplies {
  readonly repository: Repository
  /** PEM of the authority behind the mirror's registry. */
  readonly registryCa: string
  /** Reference by digest of every image, by its name. */
  readonly images: Readonly<Record<string, string>>
}

/** Writes what an SRE would write: the topology, where packages and images come from, and the applications. */
export async function writePillar(topology: Topology, supplies: Supplies): Promise<void> {
  const eos = {
    stack: topology.stack,
    topology: topology.nodes,
    host: { repository: { uri: `http://${MIRROR_HOST}`, suite: SUITE, key: supplies.repository.publicKey } },
    docker: { registries: { [REGISTRY]: supplies.registryCa } },
    ...topology.pillar,
    apps: withDigests(topology.apps ?? {}, supplies.images),
  }
  const top = { base: { '*': ['eos'] } }
  await writeOnNode(topology.master, TOP_FILE, stringify(top, SALT_YAML))
  await writeOnNode(topology.master, PILLAR_FILE, stringify({ eos }, SALT_YAML))
  await onNode(topology.master, ['chown', 'root:salt', TOP_FILE, PILLAR_FILE])
  await onNode(topology.master, ['chmod', '0640', TOP_FILE, PILLAR_FILE])
}

/** The applications with every `image`, at any depth, turned into a reference by digest. */
function withDigests(value: unknown, images: Supplies['images']): unknown {
  if (Array.isArray(value)) return value.map((item) => withDigests(item, images))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, key === 'image' ? referenceOf(String(item), images) : withDigests(item, images)]),
  )
}

function referenceOf(name: string, images: Supplies['images']): string {
  const reference = images[name]
  if (reference !== undefined) return reference
  throw new Failure(`no image ${name}; expected one of ${Object.keys(images).join(', ')}`, 'name an image of kitchen/images in the topology', 2)
}
