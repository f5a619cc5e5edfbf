import { defineResource, type Default, type Immutable, type Integer, type Key, type Matching, type ReadOnly } from '../../schema/index.ts'

/** A Nomad dynamic host volume: a directory or device of one client node, which jobs of its namespace mount by name. Deleting it deletes what it holds. */
export interface DynamicHostVolume {
  /** Name by which jobs ask for it. */
  name: Key<Matching<'^[a-zA-Z0-9_-]{1,128}$', 'letters, digits, `-` and `_`, at most 128'>>
  /** Namespace of the jobs that may mount it. */
  namespace: Default<Key<Matching<'^[a-zA-Z0-9-]{1,128}$', 'letters, digits and `-`, at most 128'>>, 'default'>
  /** Id of its node; Nomad chooses one when left out. Say it where several nodes have a volume of this name. */
  nodeId?: Key<Matching<'^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$', 'the id of a node'>>
  /** Node pool of which Nomad chooses the node. */
  nodePool?: Immutable<string>
  /** Plugin of the node that makes it: `mkdir` makes a directory. */
  pluginId: Default<Immutable<string>, 'mkdir'>
  /** Least size in bytes; a plugin such as `mkdir` keeps to no size. */
  capacityMin?: Integer
  /** Largest size in bytes. */
  capacityMax?: Integer
  /** How jobs may mount it; one writer of a file system when left out. */
  capabilities?: Capability[]
  /** What the node must have. */
  constraints?: Immutable<Constraint[]>
  /** What the plugin is told, such as `mode` of `mkdir`; it is told once. */
  parameters?: Immutable<Record<string, string>>
  /** Nomad's own id. */
  id: ReadOnly<string>
  /** Where it lies on its node. */
  hostPath: ReadOnly<string>
  /** `pending`, `ready`, or `unavailable` while its node is away. */
  state: ReadOnly<string>
}
interface Capability {
  /** As a directory or as a device. */
  attachmentMode: 'file-system' | 'block-device'
  /** Who may write. */
  accessMode: 'single-node-reader-only' | 'single-node-writer' | 'single-node-single-writer' | 'single-node-multi-writer'
}
interface Constraint {
  /** What of the node, such as `${attr.kernel.name}`. */
  attribute: string
  /** What it is compared with. */
  value: string
  /** How it is compared, such as `=` or `regexp`. */
  operator: Default<string, '='>
}

export default defineResource<DynamicHostVolume>({
  service: 'nomad',
  wire: {
    case: 'pascal',
    envelope: 'Volume',
    rename: {
      id: 'ID',
      nodeId: 'NodeID',
      pluginId: 'PluginID',
      capacityMin: 'RequestedCapacityMinBytes',
      capacityMax: 'RequestedCapacityMaxBytes',
      capabilities: 'RequestedCapabilities',
      'constraints.attribute': 'LTarget',
      'constraints.value': 'RTarget',
      'constraints.operator': 'Operand',
    },
  },
  find: { list: 'GET /v1/volumes?type=host&namespace={namespace}', read: 'GET /v1/volume/host/{ID}?namespace={namespace}', match: ['name', 'namespace', 'nodeId'] },
  create: 'PUT /v1/volume/host/create?namespace={namespace}',
  update: 'PUT /v1/volume/host/create?namespace={namespace}',
  delete: 'DELETE /v1/volume/host/{ID}?namespace={namespace}',
  diff: { capabilities: 'as-set', constraints: 'as-set', parameters: 'whole' },
  wait: { created: { field: 'state', is: 'ready', fails: ['deleted'], within: '2m' } },
  samples: {
    capacityMin: [4096, 8192],
    capacityMax: [1048576, 2097152],
    capabilities: [[{ attachmentMode: 'file-system', accessMode: 'single-node-multi-writer' }], [{ attachmentMode: 'file-system', accessMode: 'single-node-writer' }, { attachmentMode: 'file-system', accessMode: 'single-node-reader-only' }]],
    constraints: [[{ attribute: '${attr.kernel.name}', value: 'linux|freebsd', operator: 'regexp' }, { attribute: '${attr.kernel.name}', value: 'plan9', operator: '!=' }]],
    parameters: [{ mode: '0750' }],
    nodePool: ['default'],
    pluginId: ['mkdir'],
  },
  after: ['nomad_namespace', 'nomad_node_pool'],
  examples: {
    minimal: { name: 'scratch' },
    full: {
      name: 'database',
      namespace: 'default',
      nodePool: 'default',
      pluginId: 'mkdir',
      capacityMin: 1024,
      capacityMax: 536870912,
      capabilities: [{ attachmentMode: 'file-system', accessMode: 'single-node-writer' }],
      constraints: [{ attribute: '${attr.kernel.name}', value: 'linux|freebsd', operator: 'regexp' }],
      parameters: { mode: '0700' },
    },
  },
})
