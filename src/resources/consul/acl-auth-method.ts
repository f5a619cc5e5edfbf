import { defineResource, type Default, type Immutable, type Key, type Matching, type Span } from '../../schema/index.ts'

/** A Consul ACL auth method: whose word Consul takes for who somebody is, such as Nomad's for its workloads. */
export interface AclAuthMethod {
  /** Name that logins and binding rules refer to. */
  name: Key<Matching<'^[A-Za-z0-9_-]{1,128}$', 'letters, digits, `-` and `_`, at most 128'>>
  /** How identities are proved: by a signed token. */
  type: Default<Immutable<'jwt'>, 'jwt'>
  /** What people are shown instead of the name. */
  displayName: Default<string, ''>
  /** What the method is for. */
  description: Default<string, ''>
  /** Longest life of a token made by a login; Consul sets no end when left out. */
  maxTokenTtl?: Span<'text'>
  /** Where tokens made by a login are valid. */
  tokenLocality?: 'local' | 'global'
  /** How identities are checked. */
  config: Config
}
interface Config {
  /** Where the keys are published that sign identities. */
  jwksUrl?: string
  /** CA of that place, as PEM; the system's when left out. */
  jwksCaCert?: string
  /** Keys that sign identities, as PEM. */
  jwtValidationPubKeys?: string[]
  /** Algorithms that signatures may have. */
  jwtSupportedAlgs?: string[]
  /** Who must have issued an identity. */
  boundIssuer?: string
  /** For whom an identity must have been issued. */
  boundAudiences?: string[]
  /** From a claim to the name that rules call it by. */
  claimMappings?: Record<string, string>
  /** The same for claims that are lists. */
  listClaimMappings?: Record<string, string>
  /** Where an OIDC provider describes itself, instead of keys. */
  oidcDiscoveryUrl?: string
  /** CA of that provider, as PEM; the system's when left out. */
  oidcDiscoveryCaCert?: string
}

export default defineResource<AclAuthMethod>({
  service: 'consul',
  wire: {
    case: 'pascal',
    rename: {
      maxTokenTtl: 'MaxTokenTTL',
      'config.jwksUrl': 'JWKSURL',
      'config.jwksCaCert': 'JWKSCACert',
      'config.jwtValidationPubKeys': 'JWTValidationPubKeys',
      'config.jwtSupportedAlgs': 'JWTSupportedAlgs',
      'config.oidcDiscoveryUrl': 'OIDCDiscoveryURL',
      'config.oidcDiscoveryCaCert': 'OIDCDiscoveryCACert',
    },
  },
  find: { list: 'GET /v1/acl/auth-methods', read: 'GET /v1/acl/auth-method/{name}', match: ['name'] },
  create: 'PUT /v1/acl/auth-method',
  update: 'PUT /v1/acl/auth-method/{name}',
  delete: 'DELETE /v1/acl/auth-method/{name}',
  diff: { config: 'whole', 'config.boundAudiences': 'as-set', 'config.jwtSupportedAlgs': 'as-set' },
  examples: {
    minimal: {
      name: 'jobs',
      config: {
        jwtValidationPubKeys: ['-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEuhBtmzWiLKyVndCUTq113VHesXdf\nNE343pQb38r7WZ/DxRIf+WhWDmjF0eJtnyRB653gQtkclAnUHqeDypbpQA==\n-----END PUBLIC KEY-----\n'],
      },
    },
    nomad: {
      name: 'nomad-workloads',
      displayName: 'Nomad',
      description: 'Jobs of Nomad',
      maxTokenTtl: '1h',
      tokenLocality: 'local',
      config: {
        jwtValidationPubKeys: ['-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEuhBtmzWiLKyVndCUTq113VHesXdf\nNE343pQb38r7WZ/DxRIf+WhWDmjF0eJtnyRB653gQtkclAnUHqeDypbpQA==\n-----END PUBLIC KEY-----\n'],
        jwtSupportedAlgs: ['ES256', 'RS256'],
        boundIssuer: 'https://nomad.example',
        boundAudiences: ['consul.io'],
        claimMappings: { nomad_job_id: 'job', nomad_namespace: 'namespace' },
        listClaimMappings: { groups: 'groups' },
      },
    },
  },
  samples: {
    maxTokenTtl: ['90m', 7200],
    'config.jwtValidationPubKeys': [['-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEuhBtmzWiLKyVndCUTq113VHesXdf\nNE343pQb38r7WZ/DxRIf+WhWDmjF0eJtnyRB653gQtkclAnUHqeDypbpQA==\n-----END PUBLIC KEY-----\n', '-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEp5hAKu+goICYuiPb74ZV4T3JWMzV\nap29btkc5Q5HEiX4dJDI1qhGGYCaP9ztKMGZIqStaH2DilnGmLQVACShIA==\n-----END PUBLIC KEY-----\n']],
  },
})
