import { defineResource, type Key, type Matching } from '../../schema/index.ts'

/**
 * The configuration entry `service-intentions` of Consul: who may reach one service of the mesh, said in one place. It is written only if nobody else wrote since it was read.
 * Each of its sources is also a `consul_intention`, and can be from another mesh here: use one of the two for a service, never both.
 */
export interface ServiceIntentions {
  /** Service that is reached, or `*` for every one. */
  name: Key<Matching<'^([*]|[A-Za-z0-9][A-Za-z0-9._-]{0,127})$', 'name of a service, or `*`'>>
  /** Those who reach it, or are kept from it: at least one, and nobody twice. */
  sources: Source[]
  /** What the token of each request must say. */
  jwt?: JwtRequirement
  /** Free labels. */
  meta?: Record<string, string>
}
interface Source {
  /** Service that reaches it, or `*` for every one. */
  name: string
  /** The peering that it comes through; left out for a service of this mesh. */
  peer?: string
  /** Whether all of it is allowed; left out where `permissions` judge each request. */
  action?: 'allow' | 'deny'
  /** What it is for. */
  description?: string
  /** Rules for requests over HTTP, the first that matches holds; the service's protocol must be HTTP. */
  permissions?: Permission[]
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

export default defineResource<ServiceIntentions>({
  service: 'consul',
  wire: { case: 'pascal', constant: { Kind: 'service-intentions' }, rename: { jwt: 'JWT', 'sources.permissions.http': 'HTTP', 'sources.permissions.jwt': 'JWT' } },
  find: { list: 'GET /v1/config/service-intentions', read: 'GET /v1/config/service-intentions/{name}', match: ['name'] },
  create: 'PUT /v1/config?cas=0',
  update: 'PUT /v1/config?cas={ModifyIndex}',
  delete: 'DELETE /v1/config/service-intentions/{name}?cas={ModifyIndex}',
  lost: 'answers-false',
  since: { 'sources.permissions.http.header.contains': '1.20.1', 'sources.permissions.http.header.ignoreCase': '1.20.1' },
  diff: { sources: 'as-set', 'sources.permissions.http.methods': 'as-set', jwt: 'whole', meta: 'whole' },
  hooks: ['kept'],
  given: [
    { run: 'consul_service_defaults.present', with: { name: 'intended-db', protocol: 'http' } },
    { run: 'consul_service_defaults.present', with: { name: 'intended-shop', protocol: 'http' } },
    { run: 'consul_jwt_provider.present', with: { name: 'intended-staff', json_web_key_set: { local: { jwks: '{"keys":[]}' } } } },
  ],
  examples: {
    minimal: { name: 'intended-db', sources: [{ name: 'api', action: 'allow' }] },
    requests: {
      name: 'intended-shop',
      sources: [
        {
          name: 'web',
          description: 'Reading, and writing with a version',
          permissions: [
            { action: 'allow', http: { pathPrefix: '/v1', methods: ['GET', 'HEAD'] } },
            { action: 'allow', http: { pathExact: '/v1/order', methods: ['PUT'], header: [{ name: 'x-version', contains: 'v', ignoreCase: true }] } },
            { action: 'deny', http: { pathRegex: '/.*' } },
          ],
        },
        { name: 'web', peer: 'east', action: 'deny' },
        { name: '*', action: 'deny', description: 'Nobody else' },
      ],
      jwt: { providers: [{ name: 'intended-staff', verifyClaims: [{ path: ['role'], value: 'staff' }] }] },
      meta: { owner: 'shop' },
    },
  },
  samples: {
    name: ['intended-shop'],
    sources: [
      [{ name: '*', action: 'deny' }, { name: 'api', action: 'allow', description: 'Tried' }],
      [{ name: 'web', permissions: [{ action: 'allow', http: { methods: ['DELETE', 'PUT'] } }] }, { name: 'web', peer: 'west', action: 'allow' }],
    ],
    jwt: [{ providers: [{ name: 'intended-staff' }] }],
    'jwt.providers': [[{ name: 'intended-staff' }]],
  },
})
