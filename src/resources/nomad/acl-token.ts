import { defineResource, type Default, type Immutable, type Key, type ReadOnly, type Span, type Text } from '../../schema/index.ts'

/** A Nomad ACL token, known by its name. Nomad makes its secret, and takes none from elsewhere; no state or function shows it: `nomad acl token info` tells it to whoever may manage tokens. */
export interface AclToken {
  /** What the token is for; Nomad lets two have one name, Eos does not. */
  name: Key<Text<256>>
  /** `client` has the rights of its policies and roles, `management` every right. */
  type: Immutable<'client' | 'management'>
  /** Names of its policies; none for `management`. */
  policies?: string[]
  /** Names of its roles; each must exist, and none for `management`. */
  roles?: string[]
  /** Valid in every region, not only in the one that made it. */
  allRegions: Default<Immutable<boolean>, false>
  /** How long it lives; without end when left out. Nomad takes an expired token away within the hour (`acl_token_gc_threshold`); until then it is found, although nobody can use it, and only then is it made anew. */
  expirationTtl?: Immutable<Span<'text'>>
  /** What Nomad calls the token where its secret must not stand. */
  accessorId: ReadOnly<string>
}

export default defineResource<AclToken>({
  service: 'nomad',
  wire: { case: 'pascal', rename: { accessorId: 'AccessorID', allRegions: 'Global', roles: 'Roles[].Name', expirationTtl: 'ExpirationTTL' } },
  find: { list: 'GET /v1/acl/tokens', read: 'GET /v1/acl/token/{AccessorID}', match: ['name'] },
  create: 'PUT /v1/acl/token',
  update: 'PUT /v1/acl/token/{AccessorID}',
  delete: 'DELETE /v1/acl/token/{AccessorID}',
  diff: { policies: 'as-set', roles: 'as-set' },
  given: [
    { run: 'nomad_acl_policy.present', with: { name: 'token-nodes', rules: 'node { policy = "read" }' } },
    { run: 'nomad_acl_policy.present', with: { name: 'token-agents', rules: 'agent { policy = "read" }' } },
    { run: 'nomad_acl_role.present', with: { name: 'token-viewer', policies: ['token-nodes'] } },
    { run: 'nomad_acl_role.present', with: { name: 'token-looker', policies: ['token-agents'] } },
  ],
  samples: {
    policies: [['token-agents'], ['token-agents', 'token-nodes']],
    roles: [['token-looker'], ['token-viewer', 'token-looker']],
    expirationTtl: ['2h', 5400],
    type: ['client'],
  },
  examples: {
    minimal: { name: 'dashboard', type: 'client', policies: ['token-nodes'] },
    carrying: { name: 'on duty tonight', type: 'client', policies: ['token-agents'], roles: ['token-viewer'], allRegions: true, expirationTtl: '12h' },
  },
})
