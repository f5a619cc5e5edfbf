import { defineResource, type Default, type Key, type Matching, type ReadOnly, type Text } from '../../schema/index.ts'

/** A Consul ACL binding rule: what a login through an auth method may do. */
export interface AclBindingRule {
  /** The rule's description: Consul gives rules no name, so no two of one auth method may have the same. */
  name: Key<Text<256>>
  /** The auth method whose logins it is for. */
  authMethod: Key<Matching<'^[A-Za-z0-9_-]{1,128}$', 'letters, digits, `-` and `_`, at most 128'>>
  /** Expression over the verified identity; every login when empty. */
  selector: Default<string, ''>
  /** What a login is bound to. */
  bindType: 'service' | 'node' | 'role' | 'policy'
  /** Name of that, with `${…}` filled from the identity. */
  bindName: string
  /** Consul's own id. */
  id: ReadOnly<string>
}

export default defineResource<AclBindingRule>({
  service: 'consul',
  wire: { case: 'pascal', rename: { id: 'ID', name: 'Description' } },
  find: { list: 'GET /v1/acl/binding-rules', match: ['name', 'authMethod'] },
  create: 'PUT /v1/acl/binding-rule',
  update: 'PUT /v1/acl/binding-rule/{ID}',
  delete: 'DELETE /v1/acl/binding-rule/{ID}',
  after: ['consul_acl_policy', 'consul_acl_role'],
  given: [
    {
      run: 'consul_acl_auth_method.present',
      with: {
        name: 'rules-of-jwt',
        config: {
          jwt_validation_pub_keys: ['-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEuhBtmzWiLKyVndCUTq113VHesXdf\nNE343pQb38r7WZ/DxRIf+WhWDmjF0eJtnyRB653gQtkclAnUHqeDypbpQA==\n-----END PUBLIC KEY-----\n'],
          claim_mappings: { nomad_job_id: 'job', nomad_namespace: 'namespace' },
        },
      },
    },
  ],
  examples: {
    minimal: { name: 'every job', authMethod: 'rules-of-jwt', bindType: 'role', bindName: 'nobody' },
    services: {
      name: 'services of jobs',
      authMethod: 'rules-of-jwt',
      selector: 'value.namespace == "default"',
      bindType: 'service',
      bindName: '${value.job}',
    },
  },
  samples: {
    selector: ['value.job == "web"', 'value.job != "api"'],
    bindName: ['web'],
  },
})
