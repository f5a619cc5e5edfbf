import { defineResource, type Default, type Key, type Matching, type Text } from '../../schema/index.ts'

/** A Nomad namespace: the jobs, volumes and variables of one owner. */
export interface Namespace {
  /** Name that jobs, policies and volumes refer to. */
  name: Key<Matching<'^[a-zA-Z0-9-]{1,128}$', 'letters, digits and `-`, at most 128'>>
  /** What the namespace is for. */
  description: Default<Text<256>, ''>
  /** Free labels, such as the team that owns it. */
  meta?: Record<string, string>
  /** Task drivers that jobs of this namespace may use; every driver when empty. */
  enabledTaskDrivers?: string[]
  /** Task drivers that jobs of this namespace must not use. */
  disabledTaskDrivers?: string[]
  /** Network modes that groups of this namespace may use, such as `bridge`; every mode when empty. */
  enabledNetworkModes?: string[]
  /** Network modes that groups of this namespace must not use. */
  disabledNetworkModes?: string[]
}

export default defineResource<Namespace>({
  service: 'nomad',
  wire: {
    case: 'pascal',
    rename: {
      enabledTaskDrivers: 'Capabilities.EnabledTaskDrivers',
      disabledTaskDrivers: 'Capabilities.DisabledTaskDrivers',
      enabledNetworkModes: 'Capabilities.EnabledNetworkModes',
      disabledNetworkModes: 'Capabilities.DisabledNetworkModes',
    },
  },
  find: { list: 'GET /v1/namespaces', read: 'GET /v1/namespace/{name}', match: ['name'], whole: true },
  create: 'PUT /v1/namespace',
  update: 'PUT /v1/namespace',
  delete: 'DELETE /v1/namespace/{name}',
  diff: { meta: 'whole', enabledTaskDrivers: 'as-set', disabledTaskDrivers: 'as-set', enabledNetworkModes: 'as-set', disabledNetworkModes: 'as-set' },
  samples: {
    enabledTaskDrivers: [['docker', 'exec'], ['java']],
    disabledTaskDrivers: [['raw_exec'], ['qemu', 'java']],
    enabledNetworkModes: [['bridge', 'cni/web'], ['none']],
    disabledNetworkModes: [['host', 'none']],
  },
  examples: {
    minimal: { name: 'batch' },
    described: { name: 'web', description: 'Public sites', meta: { owner: 'web-team' } },
    restricted: { name: 'untrusted', description: 'Jobs of guests', enabledTaskDrivers: ['docker'], disabledTaskDrivers: ['raw_exec', 'exec'], enabledNetworkModes: ['bridge'], disabledNetworkModes: ['host'] },
  },
})
