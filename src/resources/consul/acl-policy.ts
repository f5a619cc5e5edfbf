import { defineResource, type Default, type Key, type Matching, type ReadOnly } from '../../schema/index.ts'

/** A Consul ACL policy: named rules that tokens and roles carry. */
export interface AclPolicy {
  /** Name that tokens and roles refer to. */
  name: Key<Matching<'^[A-Za-z0-9_-]{1,128}$', 'letters, digits, `-` and `_`, at most 128'>>
  /** What the policy is for. */
  description: Default<string, ''>
  /** Rules in HCL or JSON. */
  rules: Default<string, ''>
  /** Datacenters where it is valid; all when it never was said, or the list is empty. */
  datacenters?: string[]
  /** Consul's own id. */
  id: ReadOnly<string>
}

export default defineResource<AclPolicy>({
  service: 'consul',
  wire: { case: 'pascal', rename: { id: 'ID' } },
  find: { list: 'GET /v1/acl/policies', read: 'GET /v1/acl/policy/name/{name}', match: ['name'] },
  create: 'PUT /v1/acl/policy',
  update: 'PUT /v1/acl/policy/{ID}',
  delete: 'DELETE /v1/acl/policy/{ID}',
  diff: { rules: 'hcl', datacenters: 'as-set' },
  examples: {
    minimal: { name: 'nothing' },
    'read-services': {
      name: 'read-services',
      description: 'Dashboards',
      rules: 'service_prefix "" { policy = "read" } node_prefix "" { policy = "read" }',
      datacenters: ['dc1'],
    },
  },
  samples: { rules: ['key_prefix "app/" { policy = "write" }', 'operator = "read"'], datacenters: [['dc1'], ['dc1', 'dc2']] },
})
