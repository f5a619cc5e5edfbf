import { defineResource, type Confidential, type Default, type Immutable, type Key, type ReadOnly, type Text } from '../../schema/index.ts'

/** A Consul ACL token, known by its description. Its secret is taken from the place that is named, or made by Consul; no state or function shows it. */
export interface AclToken {
  /** The token's description: Consul gives tokens no name, so no two may have the same. */
  name: Key<Text<256>>
  /** Where the secret lies that the token has from its creation, a UUID; Consul makes one when left out. */
  secretId?: Immutable<Confidential>
  /** Names of its policies. */
  policies?: string[]
  /** Names of its roles. */
  roles?: string[]
  /** Services that it may register and find others for. */
  serviceIdentities?: ServiceIdentity[]
  /** Agents that it may be. */
  nodeIdentities?: NodeIdentity[]
  /** Valid in this datacenter only. */
  local: Default<Immutable<boolean>, false>
  /** What Consul calls the token where its secret must not stand. */
  accessorId: ReadOnly<string>
}
interface ServiceIdentity {
  /** Name of the service. */
  serviceName: string
  /** Datacenters where it is valid; all when left out. */
  datacenters?: string[]
}
interface NodeIdentity {
  /** Name of the agent. */
  nodeName: string
  /** Its datacenter. */
  datacenter: string
}

export default defineResource<AclToken>({
  service: 'consul',
  wire: {
    case: 'pascal',
    rename: { name: 'Description', secretId: 'SecretID', accessorId: 'AccessorID', policies: 'Policies[].Name', roles: 'Roles[].Name' },
  },
  find: { list: 'GET /v1/acl/tokens', match: ['name'] },
  create: 'PUT /v1/acl/token',
  update: 'PUT /v1/acl/token/{AccessorID}',
  delete: 'DELETE /v1/acl/token/{AccessorID}',
  diff: { policies: 'as-set', roles: 'as-set', serviceIdentities: 'as-set', nodeIdentities: 'as-set' },
  given: [
    { run: 'consul_acl_policy.present', with: { name: 'token-reads', rules: 'service_prefix "" { policy = "read" }' } },
    { run: 'consul_acl_policy.present', with: { name: 'token-keys', rules: 'key_prefix "app/" { policy = "read" }' } },
    { run: 'consul_acl_role.present', with: { name: 'token-role' } },
  ],
  examples: {
    minimal: { name: 'web on n1' },
    carrying: {
      name: 'the web team',
      policies: ['token-reads', 'token-keys'],
      roles: ['token-role'],
      serviceIdentities: [{ serviceName: 'web' }],
      nodeIdentities: [{ nodeName: 'n1', datacenter: 'dc1' }],
      local: true,
    },
  },
  samples: {
    policies: [['token-keys'], ['token-reads']],
    roles: [[]],
    serviceIdentities: [[{ serviceName: 'mail' }]],
    nodeIdentities: [[{ nodeName: 'n2', datacenter: 'dc1' }]],
  },
})
