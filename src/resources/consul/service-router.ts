import { defineResource, type Integer, type Key, type Matching, type Span } from '../../schema/index.ts'

/** The configuration entry `service-router` of Consul: where a request goes, by its path, headers and parameters. */
export interface ServiceRouter {
  /** Name of the service; its protocol must be HTTP. */
  name: Key<Matching<'^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$', 'letters, digits, `.`, `_` and `-`, at most 128, a letter or digit first'>>
  /** The routes; the first that matches is taken. */
  routes?: Route[]
  /** Free labels. */
  meta?: Record<string, string>
}
interface Route {
  /** What a request must be; every one when left out. */
  match?: Match
  /** Where it goes; to this service when left out. */
  destination?: Destination
}
interface Match {
  /** What a request over HTTP must be. */
  http: HttpMatch
}
interface HttpMatch {
  /** The whole path. */
  pathExact?: string
  /** How the path begins. */
  pathPrefix?: string
  /** Pattern for the whole path. */
  pathRegex?: string
  /** Case says nothing in the path. */
  caseInsensitive?: boolean
  /** Its method is one of these. */
  methods?: string[]
  /** What its headers must be. */
  header?: HeaderMatch[]
  /** What its parameters must be. */
  queryParam?: ParameterMatch[]
}
interface HeaderMatch {
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
  /** The opposite must hold. */
  invert?: boolean
}
interface ParameterMatch {
  /** Name of the parameter. */
  name: string
  /** It is there. */
  present?: boolean
  /** Its whole value. */
  exact?: string
  /** Pattern for its value. */
  regex?: string
}
interface Destination {
  /** Another service. */
  service?: string
  /** One of its subsets. */
  serviceSubset?: string
  /** What the matched beginning of the path becomes. */
  prefixRewrite?: string
  /** Longest wait for the whole answer. */
  requestTimeout?: Span<'text'>
  /** Longest silence. */
  idleTimeout?: Span<'text'>
  /** How often it is tried again. */
  numRetries?: Integer
  /** Tried again when no connection came about. */
  retryOnConnectFailure?: boolean
  /** Envoy's names of what it is tried again on. */
  retryOn?: string[]
  /** Answers on which it is tried again. */
  retryOnStatusCodes?: Integer[]
  /** What becomes of the headers of requests. */
  requestHeaders?: Headers
  /** What becomes of the headers of answers. */
  responseHeaders?: Headers
}
interface Headers {
  /** Added, by name. */
  add?: Record<string, string>
  /** Put in place of what is there, by name. */
  set?: Record<string, string>
  /** Taken out. */
  remove?: string[]
}

export default defineResource<ServiceRouter>({
  service: 'consul',
  wire: { case: 'pascal', constant: { Kind: 'service-router' }, rename: { 'routes.match.http': 'HTTP' } },
  find: { list: 'GET /v1/config/service-router', read: 'GET /v1/config/service-router/{name}', match: ['name'], whole: true },
  create: 'PUT /v1/config?cas=0',
  update: 'PUT /v1/config?cas={ModifyIndex}',
  delete: 'DELETE /v1/config/service-router/{name}?cas={ModifyIndex}',
  lost: 'answers-false',
  diff: { meta: 'whole' },
  after: ['consul_service_resolver', 'consul_service_splitter'],
  given: [
    { run: 'consul_service_defaults.present', with: { name: 'routed-shop', protocol: 'http' } },
    { run: 'consul_service_defaults.present', with: { name: 'routed-admin', protocol: 'http' } },
  ],
  examples: {
    minimal: { name: 'routed-shop' },
    admin: {
      name: 'routed-shop',
      routes: [
        {
          match: { http: { pathPrefix: '/admin', methods: ['GET', 'POST'], header: [{ name: 'x-staff', present: true }], queryParam: [{ name: 'v', exact: '2' }] } },
          destination: {
            service: 'routed-admin',
            prefixRewrite: '/',
            requestTimeout: '5s',
            idleTimeout: '1m',
            numRetries: 3,
            retryOnConnectFailure: true,
            retryOn: ['reset'],
            retryOnStatusCodes: [503],
            requestHeaders: { set: { 'x-from': 'shop' } },
            responseHeaders: { remove: ['server'] },
          },
        },
        { match: { http: { pathExact: '/health' } } },
      ],
      meta: { owner: 'shop' },
    },
  },
  samples: { name: ['routed-shop'], routes: [[{ match: { http: { pathPrefix: '/v2' } }, destination: { service: 'routed-admin' } }], [{ match: { http: { pathRegex: '/[a-z]+' } } }]] },
})
