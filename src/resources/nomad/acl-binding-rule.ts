import { defineResource, type Default, type Key, type Matching, type ReadOnly } from '../../schema/index.ts'

/** A Nomad ACL binding rule: what a token of an auth method gets. Nomad gives such a rule no name, so Eos knows it by its description. */
export interface AclBindingRule {
  /** What the rule is for; unique among the rules of its auth method. */
  name: Key<Matching<'^[^\\x00-\\x1f/]{1,256}$', 'one line without `/`, at most 256 characters'>>
  /** Name of the auth method; it must exist. */
  authMethod: Key<string>
  /** Expression over the claims for which the rule holds; empty, it always holds. */
  selector: Default<string, ''>
  /** What the token gets: a role, a policy, or every right there is. */
  bindType: 'role' | 'policy' | 'management'
  /** Name of that role or policy; may hold `${value.<name>}`. Empty for `management`. */
  bindName: Default<string, ''>
  /** Nomad's own id. */
  id: ReadOnly<string>
}

export default defineResource<AclBindingRule>({
  service: 'nomad',
  wire: { case: 'pascal', rename: { id: 'ID', name: 'Description' } },
  find: { list: 'GET /v1/acl/binding-rules', read: 'GET /v1/acl/binding-rule/{id}', match: ['name', 'authMethod'] },
  create: 'PUT /v1/acl/binding-rule',
  update: 'PUT /v1/acl/binding-rule/{id}',
  delete: 'DELETE /v1/acl/binding-rule/{id}',
  after: ['nomad_acl_policy', 'nomad_acl_role'],
  given: [
    { run: 'nomad_acl_auth_method.present', with: { name: 'ci', type: 'JWT', token_locality: 'local', max_token_ttl: '1h', config: { jwks_url: 'https://ci.example.org/jwks' } } },
  ],
  samples: {
    selector: ['value.project == "web"', 'value.project != "web"'],
    bindType: ['role', 'policy'],
    bindName: ['deployers', 'viewers', 'team-${value.project}'],
  },
  examples: {
    minimal: { name: 'Builds may deploy', authMethod: 'ci', bindType: 'role', bindName: 'deployers' },
    full: { name: 'Builds of web read their team', authMethod: 'ci', selector: 'value.project == "web"', bindType: 'policy', bindName: 'team-${value.project}' },
  },
})
