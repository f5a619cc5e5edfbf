import { defineResource, type Data, type Integer, type Key, type Matching, type Port, type Span } from '../../schema/index.ts'

/** The configuration entry `service-defaults` of Consul: how the mesh treats every instance of a service. */
export interface ServiceDefaults {
  /** Name of the service. */
  name: Key<Matching<'^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$', 'letters, digits, `.`, `_` and `-`, at most 128, a letter or digit first'>>
  /** What is spoken with it; Consul takes `tcp` when left out. */
  protocol?: 'tcp' | 'http' | 'http2' | 'grpc'
  /** How its proxies catch traffic. */
  mode?: 'direct' | 'transparent'
  /** How new connections are spread over the threads of a proxy; as Envoy does it when empty. */
  balanceInboundConnections?: '' | 'exact_balance'
  /** Whether it takes traffic without mutual TLS, too. */
  mutualTlsMode?: 'strict' | 'permissive'
  /** How traffic for other datacenters leaves. */
  meshGateway?: MeshGateway
  /** Where transparent proxies listen. */
  transparentProxy?: TransparentProxy
  /** Paths that are reached without the mesh. */
  expose?: Expose
  /** Name that the proxies outside of this mesh ask for by TLS. */
  externalSni?: string
  /** What holds for the services that it reaches. */
  upstreamConfig?: UpstreamConfig
  /** A service outside of the mesh, reached through a terminating gateway. */
  destination?: Destination
  /** Most connections at once to one instance. */
  maxInboundConnections?: Integer
  /** Longest wait of a proxy for a connection to its instance, in milliseconds. */
  localConnectTimeoutMs?: Integer
  /** Longest wait of a proxy for an answer of its instance, in milliseconds. */
  localRequestTimeoutMs?: Integer
  /** Largest headers of a request that its proxies take, in KiB; Envoy takes 60 when left out. */
  maxRequestHeadersKb?: Integer
  /** Extensions of Envoy, in the order in which they are applied. */
  envoyExtensions?: EnvoyExtension[]
  /** Free labels. */
  meta?: Record<string, string>
}
interface MeshGateway {
  /** Through no gateway, one here, or one there. */
  mode: 'none' | 'local' | 'remote'
}
interface TransparentProxy {
  /** Port that outgoing traffic is led to. */
  outboundListenerPort?: Port
  /** Instances may be reached by their own address. */
  dialedDirectly?: boolean
}
interface Expose {
  /** Every check over HTTP and gRPC that the agent makes. */
  checks?: boolean
  /** Single paths. */
  paths?: ExposePath[]
}
interface ExposePath {
  /** Path that is reached. */
  path: string
  /** Port of the instance. */
  localPathPort: Port
  /** Port where the proxy listens. */
  listenerPort: Port
  /** What is spoken there. */
  protocol?: 'http' | 'http2'
}
interface UpstreamConfig {
  /** For all of them. */
  defaults?: Upstream
  /** For one each, known by its name. */
  overrides?: NamedUpstream[]
}
interface Upstream {
  /** What is spoken. */
  protocol?: string
  /** Longest wait for a connection, in milliseconds. */
  connectTimeoutMs?: Integer
  /** Most of what may be under way. */
  limits?: UpstreamLimits
  /** When an instance that answers badly is left out. */
  passiveHealthCheck?: PassiveHealthCheck
  /** How traffic for other datacenters leaves. */
  meshGateway?: MeshGateway
}
interface NamedUpstream {
  /** Name of the service that is reached. */
  name: string
  /** What is spoken. */
  protocol?: string
  /** Longest wait for a connection, in milliseconds. */
  connectTimeoutMs?: Integer
  /** Most of what may be under way. */
  limits?: UpstreamLimits
  /** When an instance that answers badly is left out. */
  passiveHealthCheck?: PassiveHealthCheck
  /** How traffic for other datacenters leaves. */
  meshGateway?: MeshGateway
}
interface UpstreamLimits {
  /** Connections. */
  maxConnections?: Integer
  /** Requests that wait for a connection. */
  maxPendingRequests?: Integer
  /** Requests on connections that carry several. */
  maxConcurrentRequests?: Integer
}
interface PassiveHealthCheck {
  /** How often instances are judged. */
  interval?: Span<'ns'>
  /** Failures in a row that exclude one. */
  maxFailures?: Integer
  /** Most instances that may be excluded, in percent. */
  maxEjectionPercent?: Integer
}
interface Destination {
  /** Its names or addresses. */
  addresses: string[]
  /** Its port. */
  port: Port
}
interface EnvoyExtension {
  /** Name, such as `builtin/lua`. */
  name: string
  /** A proxy that cannot apply it is not configured at all. */
  required?: boolean
  /** What the extension is told, in Consul's own words. */
  arguments?: Data
}

export default defineResource<ServiceDefaults>({
  service: 'consul',
  wire: {
    case: 'pascal',
    constant: { Kind: 'service-defaults' },
    rename: { mutualTlsMode: 'MutualTLSMode', externalSni: 'ExternalSNI', maxRequestHeadersKb: 'MaxRequestHeadersKB' },
  },
  find: { list: 'GET /v1/config/service-defaults', read: 'GET /v1/config/service-defaults/{name}', match: ['name'], whole: true },
  create: 'PUT /v1/config?cas=0',
  update: 'PUT /v1/config?cas={ModifyIndex}',
  delete: 'DELETE /v1/config/service-defaults/{name}?cas={ModifyIndex}',
  lost: 'answers-false',
  since: { maxRequestHeadersKb: '1.21.5' },
  after: ['consul_proxy_defaults'],
  given: [{ run: 'consul_mesh.present', with: { name: 'mesh', allow_enabling_permissive_mutual_tls: true } }],
  diff: {
    meshGateway: 'whole',
    transparentProxy: 'whole',
    expose: 'whole',
    'expose.paths': 'as-set',
    upstreamConfig: 'whole',
    'upstreamConfig.overrides': 'as-set',
    destination: 'whole',
    'destination.addresses': 'as-set',
    meta: 'whole',
  },
  examples: {
    minimal: { name: 'defaults-db' },
    web: {
      name: 'defaults-web',
      protocol: 'http',
      mode: 'transparent',
      balanceInboundConnections: 'exact_balance',
      mutualTlsMode: 'strict',
      meshGateway: { mode: 'local' },
      transparentProxy: { outboundListenerPort: 15_001, dialedDirectly: true },
      expose: { checks: true, paths: [{ path: '/healthz', localPathPort: 8080, listenerPort: 21_500, protocol: 'http' }] },
      externalSni: 'web.example',
      upstreamConfig: {
        defaults: { connectTimeoutMs: 5000, limits: { maxConnections: 10 }, passiveHealthCheck: { interval: '10s', maxFailures: 3 } },
        overrides: [{ name: 'db', limits: { maxConnections: 5 }, meshGateway: { mode: 'remote' } }],
      },
      maxInboundConnections: 100,
      localConnectTimeoutMs: 1000,
      localRequestTimeoutMs: 2000,
      maxRequestHeadersKb: 96,
      envoyExtensions: [
        { name: 'builtin/lua', required: true, arguments: { ProxyType: 'connect-proxy', Listener: 'inbound', Script: 'function envoy_on_request(handle) end' } },
      ],
      meta: { owner: 'web-team' },
    },
    outside: { name: 'defaults-bank', protocol: 'tcp', destination: { addresses: ['bank.example'], port: 443 } },
  },
  samples: {
    'destination.addresses': [['bank.example', 'bank.test']],
    envoyExtensions: [[{ name: 'builtin/lua', arguments: { ProxyType: 'connect-proxy', Listener: 'outbound', Script: 'function envoy_on_request(handle) end' } }]],
    meshGateway: [{ mode: 'remote' }],
  },
})
