import { defineResource, type Default, type Integer, type Key, type Matching, type Span } from '../../schema/index.ts'

/** The configuration entry `http-route` of Consul: which requests of a gateway go to which services. */
export interface HttpRoute {
  /** Name of the route. */
  name: Key<Matching<'^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$', 'letters, digits, `.`, `_` and `-`, at most 128, a letter or digit first'>>
  /** The gateways that it belongs to. */
  parents?: Parent[]
  /** Names that a request asks for; every one when left out. */
  hostnames?: string[]
  /** The rules; the one that matches most exactly is taken. */
  rules?: Rule[]
  /** Free labels. */
  meta?: Record<string, string>
}
interface Parent {
  /** Kind of the gateway. */
  kind: 'api-gateway'
  /** Name of the gateway. */
  name: string
  /** One of its listeners; every one when left out. */
  sectionName?: string
}
interface Rule {
  /** What a request must be: one of these. */
  matches?: Match[]
  /** What becomes of it on the way. */
  filters?: Filters
  /** Where it goes. */
  services?: Target[]
}
interface Match {
  /** What its headers must be. */
  headers?: NamedMatch[]
  /** Its method. */
  method?: 'CONNECT' | 'DELETE' | 'GET' | 'HEAD' | 'OPTIONS' | 'PATCH' | 'POST' | 'PUT' | 'TRACE'
  /** Its path. */
  path?: PathMatch
  /** What its parameters must be. */
  query?: NamedMatch[]
}
interface NamedMatch {
  /** Way in which it is compared. */
  match: 'exact' | 'prefix' | 'suffix' | 'regex' | 'present'
  /** Name of the header or parameter. */
  name: string
  /** What it is compared with. */
  value?: string
}
interface PathMatch {
  /** Way in which it is compared. */
  match: 'exact' | 'prefix' | 'regex'
  /** What it is compared with. */
  value: string
}
interface Filters {
  /** What becomes of headers. */
  headers?: HeaderFilter[]
  /** What the matched beginning of the path becomes. */
  urlRewrite?: UrlRewrite
  /** Longest waits. */
  timeoutFilter?: TimeoutFilter
  /** When it is tried again. */
  retryFilter?: RetryFilter
}
interface HeaderFilter {
  /** Added, by name. */
  add?: Record<string, string>
  /** Put in place of what is there, by name. */
  set?: Record<string, string>
  /** Taken out. */
  remove?: string[]
}
interface UrlRewrite {
  /** What it becomes. */
  path: string
}
interface TimeoutFilter {
  /** For the whole answer. */
  requestTimeout?: Span<'ns'>
  /** For the next byte. */
  idleTimeout?: Span<'ns'>
}
interface RetryFilter {
  /** How often. */
  numRetries?: Integer
  /** Envoy's names of what it is tried again on. */
  retryOn?: string[]
  /** Answers on which it is tried again. */
  retryOnStatusCodes?: Integer[]
  /** Tried again when no connection came about. */
  retryOnConnectFailure?: boolean
}
interface Target {
  /** Name of the service. */
  name: string
  /** Its share against the others of the rule. */
  weight: Default<Integer, 1>
}

export default defineResource<HttpRoute>({
  service: 'consul',
  wire: { case: 'pascal', constant: { Kind: 'http-route' }, rename: { 'rules.filters.urlRewrite': 'URLRewrite' } },
  find: { list: 'GET /v1/config/http-route', read: 'GET /v1/config/http-route/{name}', match: ['name'], whole: true },
  create: 'PUT /v1/config?cas=0',
  update: 'PUT /v1/config?cas={ModifyIndex}',
  delete: 'DELETE /v1/config/http-route/{name}?cas={ModifyIndex}',
  lost: 'answers-false',
  diff: { parents: 'as-set', hostnames: 'as-set', meta: 'whole' },
  after: ['consul_service_router'],
  given: [
    { run: 'consul_service_defaults.present', with: { name: 'httproute-shop', protocol: 'http' } },
    { run: 'consul_api_gateway.present', with: { name: 'httproute-gate', listeners: [{ name: 'web', port: 8080, protocol: 'http' }] } },
  ],
  examples: {
    minimal: { name: 'shop-route' },
    shop: {
      name: 'shop-route',
      parents: [{ kind: 'api-gateway', name: 'httproute-gate', sectionName: 'web' }],
      hostnames: ['shop.example', 'www.shop.example'],
      rules: [
        {
          matches: [{ method: 'GET', path: { match: 'prefix', value: '/v1' }, headers: [{ match: 'exact', name: 'x-version', value: '1' }], query: [{ match: 'present', name: 'q' }] }],
          filters: { headers: [{ set: { 'x-from': 'outside' } }], urlRewrite: { path: '/' }, timeoutFilter: { requestTimeout: '5s', idleTimeout: '1s' }, retryFilter: { numRetries: 3 } },
          services: [{ name: 'httproute-shop', weight: 1 }],
        },
      ],
      meta: { owner: 'shop' },
    },
  },
  samples: { rules: [[{ services: [{ name: 'httproute-shop', weight: 2 }] }]], parents: [[{ kind: 'api-gateway', name: 'httproute-gate' }]] },
})
