import { defineResource, type Base64, type Integer, type Key, type Matching, type Span } from '../../schema/index.ts'

/** The configuration entry `jwt-provider` of Consul: whose tokens the mesh takes in requests, and how it checks them. */
export interface JwtProvider {
  /** Name that intentions and gateways refer to. */
  name: Key<Matching<'^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$', 'letters, digits, `.`, `_` and `-`, at most 128, a letter or digit first'>>
  /** Where the keys are that sign its tokens. */
  jsonWebKeySet: KeySet
  /** Who must have issued a token. */
  issuer?: string
  /** For whom a token must have been issued. */
  audiences?: string[]
  /** Where a request carries its token. */
  locations?: Location[]
  /** How the checked token is handed on. */
  forwarding?: Forwarding
  /** How far two clocks may differ, in seconds; Consul takes 30 when left out. */
  clockSkewSeconds?: Integer
  /** How many checked tokens are remembered. */
  cacheConfig?: CacheConfig
  /** Free labels. */
  meta?: Record<string, string>
}
interface KeySet {
  /** Keys that are given. */
  local?: LocalKeys
  /** Keys that are fetched. */
  remote?: RemoteKeys
}
interface LocalKeys {
  /** The set, as JSON. */
  jwks?: Base64
  /** File with the set, on every proxy. */
  filename?: string
}
interface RemoteKeys {
  /** Where it is published. */
  uri: string
  /** Longest wait for it, in milliseconds. */
  requestTimeoutMs?: Integer
  /** How long it is kept. */
  cacheDuration?: Span<'ns'>
  /** It is fetched before the first request needs it. */
  fetchAsynchronously?: boolean
  /** The name of the place is asked for by TLS (SNI). */
  useSni?: boolean
}
interface Location {
  /** A header. */
  header?: HeaderLocation
  /** A parameter. */
  queryParam?: NamedLocation
  /** A cookie. */
  cookie?: NamedLocation
}
interface HeaderLocation {
  /** Name of the header. */
  name: string
  /** What stands before the token. */
  valuePrefix?: string
  /** The service is shown it, too. */
  forward?: boolean
}
interface NamedLocation {
  /** Its name. */
  name: string
}
interface Forwarding {
  /** Header that carries what the token says. */
  headerName: string
  /** Its base64 is padded. */
  padForwardPayloadHeader?: boolean
}
interface CacheConfig {
  /** Most tokens. */
  size: Integer
}

export default defineResource<JwtProvider>({
  service: 'consul',
  wire: {
    case: 'pascal',
    constant: { Kind: 'jwt-provider' },
    rename: { jsonWebKeySet: 'JSONWebKeySet', 'jsonWebKeySet.local.jwks': 'JWKS', 'jsonWebKeySet.remote.uri': 'URI', 'jsonWebKeySet.remote.useSni': 'UseSNI' },
  },
  find: { list: 'GET /v1/config/jwt-provider', read: 'GET /v1/config/jwt-provider/{name}', match: ['name'], whole: true },
  create: 'PUT /v1/config?cas=0',
  update: 'PUT /v1/config?cas={ModifyIndex}',
  delete: 'DELETE /v1/config/jwt-provider/{name}?cas={ModifyIndex}',
  lost: 'answers-false',
  since: { 'jsonWebKeySet.remote.useSni': '1.21' },
  diff: { jsonWebKeySet: 'whole', forwarding: 'whole', cacheConfig: 'whole', meta: 'whole' },
  examples: {
    minimal: { name: 'staff', jsonWebKeySet: { local: { jwks: '{"keys":[]}' } } },
    remote: {
      name: 'customers',
      jsonWebKeySet: { remote: { uri: 'https://login.example/keys', requestTimeoutMs: 500, cacheDuration: '5m', fetchAsynchronously: true, useSni: true } },
      issuer: 'https://login.example',
      audiences: ['shop', 'mail'],
      locations: [{ header: { name: 'Authorization', valuePrefix: 'Bearer ', forward: true } }, { cookie: { name: 'token' } }],
      forwarding: { headerName: 'x-customer', padForwardPayloadHeader: true },
      clockSkewSeconds: 15,
      cacheConfig: { size: 10 },
      meta: { owner: 'shop' },
    },
  },
  samples: {
    'jsonWebKeySet.local.jwks': ['{"keys": []}'],
    'jsonWebKeySet.remote.uri': ['https://login.test/keys'],
    locations: [[{ queryParam: { name: 'token' } }]],
    'forwarding.headerName': ['x-user'],
  },
})
