import { defineResource, type Integer, type Key, type Matching, type Port } from '../../schema/index.ts'

/** The configuration entry `ingress-gateway` of Consul: what of the mesh is reached from outside. */
export interface IngressGateway {
  /** Name of the gateway's own service. */
  name: Key<Matching<'^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$', 'letters, digits, `.`, `_` and `-`, at most 128, a letter or digit first'>>
  /** TLS of every listener. */
  tls?: Tls
  /** Where it listens, and for which services. */
  listeners?: Listener[]
  /** Limits of every service that has none of its own. */
  defaults?: Limits
  /** Free labels. */
  meta?: Record<string, string>
}
interface Tls {
  /** Whether it listens with TLS. */
  enabled: boolean
  /** Oldest version. */
  tlsMinVersion?: 'TLSv1_0' | 'TLSv1_1' | 'TLSv1_2' | 'TLSv1_3'
  /** Newest version. */
  tlsMaxVersion?: 'TLSv1_0' | 'TLSv1_1' | 'TLSv1_2' | 'TLSv1_3'
  /** Ciphers, up to TLS 1.2. */
  cipherSuites?: string[]
}
interface Listener {
  /** Port where it listens. */
  port: Port
  /** What is spoken there. */
  protocol?: 'tcp' | 'http' | 'http2' | 'grpc'
  /** TLS of this listener, where it is not that of all. */
  tls?: Tls
  /** Services that are reached there; one alone for `tcp`. */
  services: Service[]
}
interface Service {
  /** Name of the service, or `*` for every one of that protocol. */
  name: string
  /** Names that a request asks for. */
  hosts?: string[]
  /** Most connections. */
  maxConnections?: Integer
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
interface Limits {
  /** Most connections. */
  maxConnections?: Integer
  /** Most requests that wait for a connection. */
  maxPendingRequests?: Integer
  /** Most requests on connections that carry several. */
  maxConcurrentRequests?: Integer
}

export default defineResource<IngressGateway>({
  service: 'consul',
  wire: {
    case: 'pascal',
    constant: { Kind: 'ingress-gateway' },
    rename: { tls: 'TLS', 'tls.tlsMinVersion': 'TLSMinVersion', 'tls.tlsMaxVersion': 'TLSMaxVersion', 'listeners.tls': 'TLS', 'listeners.tls.tlsMinVersion': 'TLSMinVersion', 'listeners.tls.tlsMaxVersion': 'TLSMaxVersion' },
  },
  find: { list: 'GET /v1/config/ingress-gateway', read: 'GET /v1/config/ingress-gateway/{name}', match: ['name'], whole: true },
  create: 'PUT /v1/config?cas=0',
  update: 'PUT /v1/config?cas={ModifyIndex}',
  delete: 'DELETE /v1/config/ingress-gateway/{name}?cas={ModifyIndex}',
  lost: 'answers-false',
  diff: { tls: 'whole', listeners: 'as-set', defaults: 'whole', meta: 'whole' },
  after: ['consul_service_router'],
  given: [{ run: 'consul_service_defaults.present', with: { name: 'entered-shop', protocol: 'http' } }],
  examples: {
    minimal: { name: 'ingress' },
    shop: {
      name: 'ingress',
      tls: { enabled: true, tlsMinVersion: 'TLSv1_2', cipherSuites: ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'] },
      listeners: [
        { port: 8080, protocol: 'http', services: [{ name: 'entered-shop', hosts: ['shop.example'], maxConnections: 7, requestHeaders: { set: { 'x-from': 'outside' } } }] },
        { port: 9000, protocol: 'tcp', tls: { enabled: true, tlsMinVersion: 'TLSv1_3' }, services: [{ name: 'entered-db' }] },
      ],
      defaults: { maxConnections: 5 },
      meta: { owner: 'edge' },
    },
  },
  samples: {
    listeners: [[{ port: 8080, protocol: 'http', services: [{ name: 'entered-shop' }] }]],
  },
})
