import { defineResource, type Default, type Integer, type Key, type Matching, type ReadOnly } from '../../schema/index.ts'

/** A Consul intention: whether one service of the mesh may reach another. Consul compares nothing here when it is written: of two who change one intention at once, the later wins. `consul_service_intentions` has all of a service in one place, and notices. */
export interface Intention {
  /** Service that is reached, or `*` for every one. */
  name: Key<Matching<'^([*]|[A-Za-z0-9][A-Za-z0-9._-]{0,127})$', 'name of a service, or `*`'>>
  /** Service that reaches it, or `*` for every one. */
  source: Key<Matching<'^([*]|[A-Za-z0-9][A-Za-z0-9._-]{0,127})$', 'name of a service, or `*`'>>
  /** Whether all of it is allowed; left out where `permissions` judge each request. */
  action?: 'allow' | 'deny'
  /** What the intention is for. */
  description: Default<string, ''>
  /** Rules for requests over HTTP, the first that matches holds; the service's protocol must be HTTP. */
  permissions?: Permission[]
  /** Which of several intentions holds, as Consul reckons it: the higher. */
  precedence: ReadOnly<Integer>
}
interface Permission {
  /** Whether a request that matches is allowed. */
  action: 'allow' | 'deny'
  /** What a request must be. */
  http?: HttpPermission
  /** What its token must say, besides what the whole intention asks. */
  jwt?: JwtRequirement
}
interface JwtRequirement {
  /** Providers of tokens: that of one must be there. */
  providers: RequiredProvider[]
}
interface RequiredProvider {
  /** Name of the entry `jwt-provider`. */
  name: string
  /** What claims of the token must be. */
  verifyClaims?: VerifiedClaim[]
}
interface VerifiedClaim {
  /** Where the claim stands, from the outside in. */
  path: string[]
  /** What it must be. */
  value: string
}
interface HttpPermission {
  /** The whole path. */
  pathExact?: string
  /** How the path begins. */
  pathPrefix?: string
  /** Pattern for the whole path. */
  pathRegex?: string
  /** Its method is one of these. */
  methods?: string[]
  /** What its headers must be. */
  header?: HeaderPermission[]
}
interface HeaderPermission {
  /** Name of the header. */
  name: string
  /** It is there. */
  present?: boolean
  /** Its whole value. */
  exact?: string
  /** How its value begins. */
  prefix?: string
  /** How its value ends. */
  suffix?: string
  /** Pattern for its value. */
  regex?: string
  /** Text that its value holds. */
  contains?: string
  /** Case says nothing. */
  ignoreCase?: boolean
  /** The opposite must hold. */
  invert?: boolean
}

export default defineResource<Intention>({
  service: 'consul',
  wire: { case: 'pascal', rename: { name: 'DestinationName', source: 'SourceName', 'permissions.http': 'HTTP', 'permissions.jwt': 'JWT' } },
  find: {
    list: 'GET /v1/connect/intentions',
    read: 'GET /v1/connect/intentions/exact?source={source}&destination={name}',
    match: ['name', 'source'],
  },
  create: 'PUT /v1/connect/intentions/exact?source={source}&destination={name}',
  update: 'PUT /v1/connect/intentions/exact?source={source}&destination={name}',
  delete: 'DELETE /v1/connect/intentions/exact?source={source}&destination={name}',
  exclusive: [['action', 'permissions']],
  since: { 'permissions.http.header.contains': '1.20.1', 'permissions.http.header.ignoreCase': '1.20.1' },
  diff: { 'permissions.http.methods': 'as-set' },
  given: [
    { run: 'consul_service_defaults.present', with: { name: 'shop', protocol: 'http' } },
    { run: 'consul_jwt_provider.present', with: { name: 'shop-staff', json_web_key_set: { local: { jwks: '{"keys":[]}' } } } },
  ],
  examples: {
    minimal: { name: 'db', source: 'api', action: 'allow' },
    everything: { name: '*', source: '*', action: 'deny', description: 'What is not allowed is refused' },
    requests: {
      name: 'shop',
      source: 'web',
      description: 'Reading, and writing with a version',
      permissions: [
        { action: 'allow', http: { pathPrefix: '/v1', methods: ['GET', 'HEAD'] } },
        { action: 'allow', http: { pathExact: '/v1/order', methods: ['PUT'], header: [{ name: 'x-version', contains: 'v', ignoreCase: true }] }, jwt: { providers: [{ name: 'shop-staff', verifyClaims: [{ path: ['role'], value: 'staff' }] }] } },
        { action: 'deny', http: { pathRegex: '/.*' } },
      ],
    },
  },
  samples: { name: ['shop'], permissions: [[{ action: 'allow', http: { pathPrefix: '/' } }], [{ action: 'deny', http: { methods: ['DELETE', 'PUT'] } }]] },
})
