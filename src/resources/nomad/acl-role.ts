import { defineResource, type Default, type Key, type Matching, type ReadOnly, type Text } from '../../schema/index.ts'

/** A Nomad ACL role: a set of policies under one name, which tokens and binding rules give. */
export interface AclRole {
  /** Name that tokens and binding rules refer to. */
  name: Key<Matching<'^[a-zA-Z0-9-]{1,128}$', 'letters, digits and `-`, at most 128'>>
  /** Who has the role. */
  description: Default<Text<256>, ''>
  /** Names of its policies; each must exist. */
  policies: string[]
  /** Nomad's own id. */
  id: ReadOnly<string>
}

export default defineResource<AclRole>({
  service: 'nomad',
  wire: { case: 'pascal', rename: { id: 'ID', policies: 'Policies[].Name' } },
  find: { list: 'GET /v1/acl/roles', read: 'GET /v1/acl/role/name/{name}', whole: true },
  create: 'PUT /v1/acl/role',
  update: 'PUT /v1/acl/role/{id}',
  delete: 'DELETE /v1/acl/role/{id}',
  diff: { policies: 'as-set' },
  given: [
    { run: 'nomad_acl_policy.present', with: { name: 'read-nodes', rules: 'node { policy = "read" }' } },
    { run: 'nomad_acl_policy.present', with: { name: 'read-agents', rules: 'agent { policy = "read" }' } },
  ],
  samples: { policies: [['read-agents'], ['read-nodes'], ['read-agents', 'read-nodes']] },
  examples: {
    minimal: { name: 'viewer', policies: ['read-nodes'] },
    full: { name: 'operator', description: 'People on duty', policies: ['read-nodes', 'read-agents'] },
  },
})
