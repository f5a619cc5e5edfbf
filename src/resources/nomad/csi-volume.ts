import { defineResource, type Confidential, type Default, type Immutable, type Integer, type Key, type Matching, type ReadOnly } from '../../schema/index.ts'

/** A Nomad CSI volume: made by the controller of a storage plugin that runs as a job, and mounted by the jobs of its namespace. Deleting it deletes what it holds. Clones, snapshots and requests of a topology are not managed: what needs them is made by `nomad volume create`. */
export interface CsiVolume {
  /** Id by which jobs ask for it. */
  name: Key<Matching<'^[a-zA-Z0-9_.-]{1,128}$', 'letters, digits, `.`, `-` and `_`, at most 128'>>
  /** Namespace of the jobs that may mount it. */
  namespace: Default<Key<Matching<'^[a-zA-Z0-9-]{1,128}$', 'letters, digits and `-`, at most 128'>>, 'default'>
  /** Id of the plugin that makes it; it must be healthy. */
  pluginId: Immutable<string>
  /** Name at the storage provider. */
  volumeName: Immutable<string>
  /** How jobs may mount it; one at least. */
  capabilities: Capability[]
  /** How a file system is mounted. */
  mountOptions?: {
    /** Its type, such as `ext4`. */
    fsType?: string
    /** Options of `mount`. Nomad never shows them: they are sent whenever something else changes, so keep them declared. */
    mountFlags?: string[]
  }
  /** Least size in bytes. More expands the volume, where its plugin can; less leaves it as it is. */
  capacityMin?: Integer
  /** Largest size in bytes. */
  capacityMax?: Integer
  /** What the plugin is told at creation. */
  parameters?: Immutable<Record<string, string>>
  /** What the plugin is told in confidence. Nomad never shows it, nor whether there is any: a change is refused where it is left out, because that would take it away. `{}` says that there is none. */
  secrets?: Record<string, Confidential>
  /** What the storage provider calls it. */
  externalId: ReadOnly<string>
}
interface Capability {
  /** Who may mount it, and how. */
  accessMode:
    | 'single-node-reader-only'
    | 'single-node-writer'
    | 'multi-node-reader-only'
    | 'multi-node-single-writer'
    | 'multi-node-multi-writer'
  /** As a directory or as a device. */
  attachmentMode: 'file-system' | 'block-device'
}

export default defineResource<CsiVolume>({
  service: 'nomad',
  wire: {
    case: 'pascal',
    rename: {
      name: 'ID',
      volumeName: 'Name',
      pluginId: 'PluginID',
      externalId: 'ExternalID',
      capabilities: 'RequestedCapabilities',
      capacityMin: 'RequestedCapacityMin',
      capacityMax: 'RequestedCapacityMax',
      'mountOptions.fsType': 'FSType',
    },
  },
  find: { list: 'GET /v1/volumes?type=csi&namespace={namespace}', read: 'GET /v1/volume/csi/{name}?namespace={namespace}' },
  create: 'PUT /v1/volume/csi/{name}/create?namespace={namespace}',
  update: 'PUT /v1/volume/csi/{name}/create?namespace={namespace}',
  delete: 'DELETE /v1/volume/csi/{name}/delete?namespace={namespace}',
  diff: { capabilities: 'as-set', mountOptions: 'whole', 'mountOptions.mountFlags': 'write-only', parameters: 'whole', secrets: 'write-only' },
  samples: {
    capabilities: [[{ accessMode: 'multi-node-multi-writer', attachmentMode: 'file-system' }], [{ accessMode: 'single-node-writer', attachmentMode: 'block-device' }, { accessMode: 'single-node-reader-only', attachmentMode: 'file-system' }]],
    mountOptions: [{ fsType: 'xfs' }, { fsType: 'btrfs' }],
    capacityMin: [2048],
    capacityMax: [2147483648],
    parameters: [{ pool: 'fast' }],
    pluginId: ['hostpath'],
  },
  after: ['nomad_namespace'],
  examples: {
    minimal: { name: 'scratch', pluginId: 'hostpath', volumeName: 'scratch', capabilities: [{ accessMode: 'single-node-writer', attachmentMode: 'file-system' }], secrets: {} },
    full: {
      name: 'database',
      namespace: 'default',
      pluginId: 'hostpath',
      volumeName: 'eos-database',
      capabilities: [{ accessMode: 'single-node-writer', attachmentMode: 'file-system' }],
      mountOptions: { fsType: 'ext4' },
      capacityMin: 1024,
      capacityMax: 1073741824,
      parameters: { pool: 'bulk' },
      secrets: { user_key: { file: '/etc/eos/secrets/storage' } },
    },
  },
  hooks: ['to_wire', 'before_update'],
})
