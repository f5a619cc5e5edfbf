import { defineResource, type Data, type Default, type Integer, type Key, type Matching, type Slashed, type Span } from '../../schema/index.ts'

/** A role of Vault's auth method `jwt`: who may log in with a signed token, and as what. */
export interface JwtRole {
  /** Name that a login asks for. */
  name: Key<Matching<'^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$', 'letters, digits, `_`, `.` and `-`, at most 128, not a dot or dash first'>>
  /** Path of the auth method. */
  mount: Key<Slashed>
  /** The claim by which a user is known. */
  userClaim: string
  /** That claim is a JSON pointer. */
  userClaimJsonPointer: Default<boolean, false>
  /** For whom a token must have been issued: one of these. */
  boundAudiences?: string[]
  /** Whose token it must be. */
  boundSubject: Default<string, ''>
  /** What the claims of a token must be: a text, or a list of which it must have one. */
  boundClaims?: Data
  /** How those are compared. */
  boundClaimsType: Default<'string' | 'glob', 'string'>
  /** How long after its end a token is still taken; 150 seconds for 0. */
  expirationLeeway?: Span<'s'>
  /** How long before its beginning a token is taken already; 150 seconds for 0. */
  notBeforeLeeway?: Span<'s'>
  /** How far two clocks may differ; 60 seconds for 0. */
  clockSkewLeeway?: Span<'s'>
  /** From a claim to the name of metadata. */
  claimMappings?: Record<string, string>
  /** The claim that lists groups. */
  groupsClaim: Default<string, ''>
  /** Policies of the token that a login gives. */
  tokenPolicies?: string[]
  /** How long it lives. */
  tokenTtl?: Span<'s'>
  /** Longest life of it. */
  tokenMaxTtl?: Span<'s'>
  /** It lives on as long as it is renewed within this time. */
  tokenPeriod?: Span<'s'>
  /** Life after which it ends whatever happens. */
  tokenExplicitMaxTtl?: Span<'s'>
  /** It lacks the policy `default`. */
  tokenNoDefaultPolicy: Default<boolean, false>
  /** How often it may be used; 0 is without end. */
  tokenNumUses: Default<Integer, 0>
  /** What kind of token it is. */
  tokenType?: 'default' | 'service' | 'batch'
  /** Networks from which it may be used. */
  tokenBoundCidrs?: string[]
}

export default defineResource<JwtRole>({
  service: 'vault',
  wire: { case: 'snake', constant: { role_type: 'jwt' } },
  find: { read: 'GET /v1/auth/{mount}/role/{name}' },
  create: 'POST /v1/auth/{mount}/role/{name}',
  update: 'POST /v1/auth/{mount}/role/{name}',
  delete: 'DELETE /v1/auth/{mount}/role/{name}',
  diff: { boundAudiences: 'as-set', tokenPolicies: 'as-set', tokenBoundCidrs: 'as-set', boundClaims: 'whole', claimMappings: 'whole' },
  given: [{ run: 'vault_auth_method.present', with: { name: 'jwt/roles', type: 'jwt' } }],
  examples: {
    minimal: { name: 'web', mount: 'jwt/roles', userClaim: 'sub', boundAudiences: ['vault.io'] },
    jobs: {
      name: 'nomad-workloads',
      mount: 'jwt/roles',
      userClaim: '/nomad_job_id',
      userClaimJsonPointer: true,
      boundAudiences: ['vault.io', 'eos'],
      boundClaims: { nomad_namespace: ['web-*', 'shop'], nomad_task: 'main' },
      boundClaimsType: 'glob',
      expirationLeeway: '1m',
      notBeforeLeeway: '30s',
      clockSkewLeeway: '10s',
      claimMappings: { nomad_namespace: 'namespace' },
      tokenPolicies: ['web', 'read'],
      tokenTtl: '30m',
      tokenMaxTtl: '24h',
      tokenPeriod: '1h',
      tokenExplicitMaxTtl: '48h',
      tokenNoDefaultPolicy: true,
      tokenNumUses: 10,
      tokenType: 'service',
      tokenBoundCidrs: ['10.0.0.0/8', '127.0.0.1'],
    },
  },
  samples: {
    userClaim: ['/sub', '/nomad_task'],
    boundClaims: [{ nomad_job_id: ['web', 'api'] }],
    expirationLeeway: ['2m', 90],
    notBeforeLeeway: ['2m', 90],
    clockSkewLeeway: ['2m', 90],
    claimMappings: [{ nomad_job_id: 'job', nomad_task: 'task' }],
    tokenTtl: ['20m', 600],
    tokenMaxTtl: ['12h', 7200],
    tokenPeriod: ['2h', 600],
    tokenExplicitMaxTtl: ['72h', 90_000],
    tokenType: ['service', 'default'],
    tokenBoundCidrs: [['10.0.0.0/8']],
  },
})
