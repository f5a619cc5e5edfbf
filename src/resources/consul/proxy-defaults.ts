import { defineResource, type Data, type Key, type Port } from '../../schema/index.ts'

/** The configuration entry `proxy-defaults` of Consul: what holds for every proxy of the mesh. There is one, `global`. */
export interface ProxyDefaults {
  /** Its name. */
  name: Key<'global'>
  /** Settings of proxies in Consul's own words, such as `protocol`. */
  config?: Data
  /** How proxies catch traffic. */
  mode?: 'direct' | 'transparent'
  /** How traffic for other datacenters leaves. */
  meshGateway?: MeshGateway
  /** Where transparent proxies listen. */
  transparentProxy?: TransparentProxy
  /** Whether services take traffic without mutual TLS, too. */
  mutualTlsMode?: 'strict' | 'permissive'
  /** Paths that are reached without the mesh. */
  expose?: Expose
  /** Extensions of Envoy, in the order in which they are applied. */
  envoyExtensions?: EnvoyExtension[]
  /** Whether proxies say what they pass on. */
  accessLogs?: AccessLogs
  /** Which instances are taken when near ones fail. */
  failoverPolicy?: FailoverPolicy
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
interface EnvoyExtension {
  /** Name, such as `builtin/lua`. */
  name: string
  /** A proxy that cannot apply it is not configured at all. */
  required?: boolean
  /** What the extension is told, in Consul's own words. */
  arguments?: Data
}
interface AccessLogs {
  /** Whether there are any. */
  enabled: boolean
  /** Connections for which there is no listener are left out. */
  disableListenerLogs?: boolean
  /** Where they go. */
  type?: 'stdout' | 'stderr' | 'file'
  /** The file, for type `file`. */
  path?: string
  /** A line as JSON, in Envoy's own words. */
  jsonFormat?: string
}
interface FailoverPolicy {
  /** In the order of the configuration, or the nearest first. */
  mode: 'sequential' | 'order-by-locality'
}

export default defineResource<ProxyDefaults>({
  service: 'consul',
  wire: { case: 'pascal', constant: { Kind: 'proxy-defaults' }, rename: { mutualTlsMode: 'MutualTLSMode', 'accessLogs.jsonFormat': 'JSONFormat' } },
  find: { list: 'GET /v1/config/proxy-defaults', read: 'GET /v1/config/proxy-defaults/{name}', match: ['name'] },
  create: 'PUT /v1/config?cas=0',
  update: 'PUT /v1/config?cas={ModifyIndex}',
  delete: 'DELETE /v1/config/proxy-defaults/{name}?cas={ModifyIndex}',
  lost: 'answers-false',
  diff: { config: 'whole', meshGateway: 'whole', transparentProxy: 'whole', expose: 'whole', 'expose.paths': 'as-set', accessLogs: 'whole', failoverPolicy: 'whole', meta: 'whole' },
  given: [{ run: 'consul_mesh.present', with: { name: 'mesh', allow_enabling_permissive_mutual_tls: true } }],
  examples: {
    minimal: { name: 'global' },
    logging: {
      name: 'global',
      config: { envoy_dogstatsd_url: 'udp://127.0.0.1:8125', local_connect_timeout_ms: 1000 },
      mode: 'transparent',
      meshGateway: { mode: 'local' },
      transparentProxy: { outboundListenerPort: 15_001 },
      mutualTlsMode: 'strict',
      expose: { checks: true, paths: [{ path: '/healthz', localPathPort: 8080, listenerPort: 21_500 }] },
      envoyExtensions: [
        { name: 'builtin/lua', required: true, arguments: { ProxyType: 'connect-proxy', Listener: 'inbound', Script: 'function envoy_on_request(handle) end' } },
      ],
      accessLogs: { enabled: true, type: 'file', path: '/var/log/consul/proxies.log', disableListenerLogs: true },
      failoverPolicy: { mode: 'order-by-locality' },
      meta: { owner: 'platform' },
    },
  },
  samples: {
    config: [{ envoy_dogstatsd_url: 'udp://127.0.0.1:8126', local_connect_timeout_ms: 2000 }],
    envoyExtensions: [[{ name: 'builtin/lua', arguments: { ProxyType: 'connect-proxy', Listener: 'outbound', Script: 'function envoy_on_request(handle) end' } }]],
    meshGateway: [{ mode: 'remote' }],
    failoverPolicy: [{ mode: 'sequential' }],
  },
})
