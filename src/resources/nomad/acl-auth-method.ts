import { defineResource, type Confidential, type Default, type Key, type Matching, type Span } from '../../schema/index.ts'

/** A Nomad ACL auth method: how people and machines get a token for a proof of their own, from an OIDC provider or in a JWT. */
export interface AclAuthMethod {
  /** Name that `nomad login` and binding rules refer to. */
  name: Key<Matching<'^[a-zA-Z0-9-]{1,128}$', 'letters, digits and `-`, at most 128'>>
  /** `OIDC` sends people to a provider, `JWT` takes a token that they have. */
  type: 'OIDC' | 'JWT'
  /** Whether its tokens hold in this region only, or in all of them. */
  tokenLocality: 'local' | 'global'
  /** Longest life of its tokens. */
  maxTokenTtl: Span<'text'>
  /** Names of its tokens, with `${auth_method_type}` and `${auth_method_name}`. */
  tokenNameFormat?: string
  /** Whether `nomad login` takes it when none is named; at most one may be so. */
  default: Default<boolean, false>
  /** How the proof is verified: all of it, for what is left out Nomad forgets. */
  config: {
    /** Public keys in PEM that a JWT is verified with. */
    jwtValidationPubKeys?: string[]
    /** Where the keys of a JWT are, as a JSON Web Key Set. */
    jwksUrl?: string
    /** CA in PEM of that address. */
    jwksCaCert?: string
    /** Address of the OIDC provider, without `.well-known`. */
    oidcDiscoveryUrl?: string
    /** Nomad's id at the provider. */
    oidcClientId?: string
    /** Nomad's secret at the provider. Nomad never shows it: it is sent whenever something else changes, and a change without it is refused. */
    oidcClientSecret?: Confidential
    /** A proof of Nomad's own to the provider, signed with a key, instead of the secret. */
    oidcClientAssertion?: {
      /** Which key signs: Nomad's own, this one, or the client secret. */
      keySource: 'nomad' | 'private_key' | 'client_secret'
      /** Whom the proof is for; the discovery address when left out. */
      audience?: string[]
      /** Algorithm of the signature. */
      keyAlgorithm?: string
      /** The key of `private_key`. */
      privateKey?: {
        /** The key in PEM. Nomad never shows it. */
        pemKey?: Confidential
        /** Its file on the servers. */
        pemKeyFile?: string
        /** Id of the key, as the provider knows it. */
        keyId?: string
      }
    }
    /** Whether Nomad asks for a proof that people who come back are those who left. */
    oidcEnablePkce?: boolean
    /** Whether Nomad leaves out what the provider's own page of a person says. */
    oidcDisableUserInfo?: boolean
    /** Whether Nomad logs the claims of each login, at level debug. */
    verboseLogging?: boolean
    /** Scopes that Nomad asks the provider for. */
    oidcScopes?: string[]
    /** Audiences of which a proof must name one. */
    boundAudiences?: string[]
    /** Issuers of which a JWT must be. */
    boundIssuer?: string[]
    /** Addresses to which the provider may send people back. */
    allowedRedirectUris?: string[]
    /** CAs in PEM of the provider. */
    discoveryCaPem?: string[]
    /** Signing algorithms that are accepted. */
    signingAlgs?: string[]
    /** Grace after a proof has expired. */
    expirationLeeway?: Span<'text'>
    /** Grace before a proof is valid. */
    notBeforeLeeway?: Span<'text'>
    /** Grace for clocks that differ. */
    clockSkewLeeway?: Span<'text'>
    /** Claims of a proof that binding rules see as `value.<name>`, by claim. */
    claimMappings?: Record<string, string>
    /** Claims with lists that binding rules see as `list.<name>`, by claim. */
    listClaimMappings?: Record<string, string>
  }
}

export default defineResource<AclAuthMethod>({
  service: 'nomad',
  wire: {
    case: 'pascal',
    rename: {
      maxTokenTtl: 'MaxTokenTTL',
      'config.jwtValidationPubKeys': 'JWTValidationPubKeys',
      'config.jwksUrl': 'JWKSURL',
      'config.jwksCaCert': 'JWKSCACert',
      'config.oidcDiscoveryUrl': 'OIDCDiscoveryURL',
      'config.oidcClientId': 'OIDCClientID',
      'config.oidcClientSecret': 'OIDCClientSecret',
      'config.oidcClientAssertion': 'OIDCClientAssertion',
      'config.oidcClientAssertion.privateKey.keyId': 'KeyID',
      'config.oidcEnablePkce': 'OIDCEnablePKCE',
      'config.oidcDisableUserInfo': 'OIDCDisableUserInfo',
      'config.oidcScopes': 'OIDCScopes',
      'config.allowedRedirectUris': 'AllowedRedirectURIs',
    },
  },
  find: { list: 'GET /v1/acl/auth-methods', read: 'GET /v1/acl/auth-method/{name}' },
  create: 'PUT /v1/acl/auth-method',
  update: 'PUT /v1/acl/auth-method/{name}',
  delete: 'DELETE /v1/acl/auth-method/{name}',
  since: { 'config.oidcClientAssertion': '1.10', 'config.oidcEnablePkce': '1.10' },
  diff: {
    config: 'whole',
    'config.oidcClientSecret': 'write-only',
    'config.oidcClientAssertion.privateKey.pemKey': 'write-only',
    'config.jwtValidationPubKeys': 'as-set',
    'config.oidcScopes': 'as-set',
    'config.boundAudiences': 'as-set',
    'config.boundIssuer': 'as-set',
    'config.allowedRedirectUris': 'as-set',
    'config.discoveryCaPem': 'as-set',
    'config.signingAlgs': 'as-set',
    'config.claimMappings': 'whole',
    'config.listClaimMappings': 'whole',
  },
  samples: {
    maxTokenTtl: ['2h', '45m', 5400],
    tokenNameFormat: ['${auth_method_name}', 'from-${auth_method_type}'],
    type: ['JWT'],
    'config.jwksUrl': ['https://127.0.0.1:1/jwks', 'https://127.0.0.1:1/keys'],
    'config.oidcDiscoveryUrl': ['https://127.0.0.1:1', 'https://127.0.0.1:2'],
    'config.boundAudiences': [['a', 'b'], ['nomad']],
    'config.boundIssuer': [['https://a.example.org', 'https://b.example.org']],
    'config.signingAlgs': [['RS256'], ['EdDSA', 'ES384']],
    'config.claimMappings': [{ sub: 'user' }, { sub: 'user', project: 'project' }],
  },
  examples: {
    minimal: { name: 'ci', type: 'JWT', tokenLocality: 'local', maxTokenTtl: '1h', config: { jwksUrl: 'https://ci.example.org/jwks' } },
    people: {
      name: 'people',
      type: 'OIDC',
      tokenLocality: 'local',
      maxTokenTtl: '8h',
      config: {
        oidcDiscoveryUrl: 'https://id.example.org',
        oidcClientId: 'nomad',
        oidcClientSecret: { file: '/etc/eos/secrets/nomad-oidc' },
        oidcScopes: ['groups'],
        boundAudiences: ['nomad'],
        allowedRedirectUris: ['https://nomad.example.org/ui/settings/tokens', 'http://localhost:4649/oidc/callback'],
        listClaimMappings: { groups: 'groups' },
      },
    },
    signed: {
      name: 'staff',
      type: 'OIDC',
      tokenLocality: 'local',
      maxTokenTtl: '8h',
      config: {
        oidcDiscoveryUrl: 'https://id.example.org',
        oidcClientId: 'nomad',
        oidcClientAssertion: { keySource: 'nomad', audience: ['https://id.example.org/token'], keyAlgorithm: 'RS256' },
        oidcEnablePkce: true,
        boundAudiences: ['nomad'],
        allowedRedirectUris: ['http://localhost:4649/oidc/callback'],
      },
    },
    full: {
      name: 'builds',
      type: 'JWT',
      tokenLocality: 'global',
      maxTokenTtl: 1800,
      tokenNameFormat: 'builds-${auth_method_type}',
      default: true,
      config: {
        jwksUrl: 'https://ci.example.org/jwks',
        boundAudiences: ['nomad'],
        boundIssuer: ['https://ci.example.org'],
        signingAlgs: ['RS256', 'ES256'],
        expirationLeeway: '30s',
        notBeforeLeeway: '30s',
        clockSkewLeeway: '1m',
        claimMappings: { 'https://ci.example.org/project': 'project' },
        listClaimMappings: { groups: 'groups' },
      },
    },
  },
})
