import { defineResource, type Default, type Key, type Matching, type ReadOnly } from '../../schema/index.ts'

/** A Consul ACL role: policies and identities under one name, for tokens and binding rules. */
export interface AclRole {
  /** Name that tokens and binding rules refer to. */
  name: Key<Matching<'^[A-Za-z0-9_-]{1,256}$', 'letters, digits, `-` and `_`, at most 256'>>
  /** What the role is for. */
  description: Default<string, ''>
  /** Names of its policies. */
  policies?: string[]
  /** Services that it may register and find others for. */
  serviceIdentities?: ServiceIdentity[]
  /** Agents that it may be. */
  nodeIdentities?: NodeIdentity[]
  /** Policies that Consul makes from a template. */
  templatedPolicies?: TemplatedPolicy[]
  /** Consul's own id. */
  id: ReadOnly<string>
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
interface TemplatedPolicy {
  /** Template, such as `builtin/service` or `builtin/dns`. */
  templateName: string
  /** What the template is filled with. */
  templateVariables?: TemplateVariables
  /** Datacenters where it is valid; all when left out. */
  datacenters?: string[]
}
interface TemplateVariables {
  /** Name of the service, node or workload. */
  name: string
}

export default defineResource<AclRole>({
  service: 'consul',
  wire: { case: 'pascal', rename: { id: 'ID', policies: 'Policies[].Name', 'templatedPolicies.templateVariables.name': 'name' } },
  find: { list: 'GET /v1/acl/roles', read: 'GET /v1/acl/role/name/{name}', match: ['name'], whole: true },
  create: 'PUT /v1/acl/role',
  update: 'PUT /v1/acl/role/{ID}',
  delete: 'DELETE /v1/acl/role/{ID}',
  diff: {
    policies: 'as-set',
    serviceIdentities: 'as-set',
    nodeIdentities: 'as-set',
    templatedPolicies: 'as-set',
  },
  given: [
    { run: 'consul_acl_policy.present', with: { name: 'role-reads', rules: 'service_prefix "" { policy = "read" }' } },
    { run: 'consul_acl_policy.present', with: { name: 'role-keys', rules: 'key_prefix "app/" { policy = "read" }' } },
  ],
  examples: {
    minimal: { name: 'nobody' },
    web: {
      name: 'web',
      description: 'What a web server may do',
      policies: ['role-reads', 'role-keys'],
      serviceIdentities: [{ serviceName: 'web', datacenters: ['dc1'] }],
      nodeIdentities: [{ nodeName: 'n1', datacenter: 'dc1' }],
      templatedPolicies: [{ templateName: 'builtin/service', templateVariables: { name: 'db' } }],
    },
  },
  samples: {
    policies: [['role-keys'], ['role-reads', 'role-keys']],
    serviceIdentities: [[{ serviceName: 'web' }], [{ serviceName: 'mail', datacenters: ['dc1'] }]],
    nodeIdentities: [[{ nodeName: 'n2', datacenter: 'dc1' }]],
    templatedPolicies: [[{ templateName: 'builtin/dns' }], [{ templateName: 'builtin/node', templateVariables: { name: 'n3' } }]],
  },
})
