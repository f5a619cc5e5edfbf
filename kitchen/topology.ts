import { readFile } from 'node:fs/promises'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { parse } from 'yaml'
import { Failure } from './run/failure.ts'
import { projectPath } from './run/project.ts'
import { settings } from './settings.ts'

/** One machine of the lab, and what it carries: component name to roles. */
export interface TopologyNode {
  readonly address: string
  readonly memory: string
  readonly cpus: number
  readonly roles: Readonly<Record<string, readonly string[]>>
}

/** A lab: its network, its nodes, and what else stands in the pillar of the stack. */
export interface Topology {
  readonly network: string
  readonly mirror: string
  /** The node that carries the Salt master. */
  readonly master: string
  readonly stack: { readonly name: string; readonly domain: string }
  readonly nodes: Readonly<Record<string, TopologyNode>>
  /** Pillar below `eos` that is merged in as it stands. */
  readonly pillar?: Readonly<Record<string, unknown>>
  /** Applications; `image` names an image of kitchen/images and becomes its digest. */
  readonly apps?: Readonly<Record<string, { readonly image: string }>>
}

const text = { type: 'string', minLength: 1 }
const schema = {
  type: 'object',
  additionalProperties: false,
  required: ['network', 'mirror', 'master', 'stack', 'nodes'],
  properties: {
    network: { type: 'string', pattern: '^\\d+\\.\\d+\\.\\d+\\.0/24$' },
    mirror: text,
    master: text,
    stack: { type: 'object', additionalProperties: false, required: ['name', 'domain'], properties: { name: text, domain: text } },
    nodes: {
      type: 'object',
      minProperties: 1,
      propertyNames: { pattern: '^[a-z][a-z0-9-]*$' },
      additionalProperties: {
        type: 'object',
        additionalProperties: false,
        required: ['address', 'memory', 'cpus', 'roles'],
        properties: {
          address: text,
          memory: { type: 'string', pattern: '^\\d+(MiB|GiB)$' },
          cpus: { type: 'integer', minimum: 1 },
          roles: { type: 'object', additionalProperties: { type: 'array', items: text } },
        },
      },
    },
    pillar: { type: 'object' },
    apps: { type: 'object', additionalProperties: { type: 'object', required: ['image'], properties: { image: text } } },
  },
}
const isTopology = new Ajv2020({ allErrors: true }).compile<Topology>(schema)

/** Reads a topology of kitchen/topologies by its name. */
export async function readTopology(name: string): Promise<Topology> {
  const path = projectPath('kitchen', 'topologies', `${name}.yaml`)
  let source: string
  try {
    source = await readFile(path, 'utf8')
  } catch {
    throw new Failure(`no topology ${name}; expected ${path}`, 'name a file of kitchen/topologies without .yaml', 2)
  }
  const found: unknown = parse(settings.network === undefined ? source : renumbered(source, settings.network))
  if (!isTopology(found)) {
    const errors = (isTopology.errors ?? []).map((error) => `${error.instancePath || '/'} ${error.message ?? ''}`).join('; ')
    throw new Failure(`${path} is no topology: ${errors}`, 'see kitchen/topologies/one.yaml', 2)
  }
  if (!(found.master in found.nodes)) {
    throw new Failure(`${path}: master ${found.master} is no node; expected one of ${Object.keys(found.nodes).join(', ')}`, 'name one of the nodes', 2)
  }
  return found
}

/** The same topology on another network: its first three octets replaced everywhere. */
function renumbered(source: string, network: string): string {
  const own = /^network: (\d+\.\d+\.\d+)\./m.exec(source)?.[1]
  return own === undefined ? source : source.replaceAll(`${own}.`, `${network}.`)
}
