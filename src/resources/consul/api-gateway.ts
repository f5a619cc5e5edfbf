import { defineResource, type Integer, type Key, type Matching, type Port } from '../../schema/index.ts'

/** The configuration entry `api-gateway` of Consul: where a gateway listens for the routes that choose it. */
export interface ApiGateway {
  /** Name of the gateway's own service. */
  name: Key<Matching<'^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$', 'letters, digits, `.`, `_` and `-`, at most 128, a letter or digit first'>>
  /** Where it listens. */
  listeners: Listener[]
  /** Free labels. */
  meta?: Record<string, string>
}
interface Listener {
  /** Name that routes refer to. */
  name: string
  /** Port where it listens. */
  port: Port
  /** What is spoken there. */
  protocol: 'http' | 'tcp'
  /** Names that it answers to; a first part `*` stands for any. */
  hostname?: string
  /** TLS, when it is on. */
  tls?: Tls
  /** Largest headers of a request that it takes, in KiB; Envoy takes 60 when left out. */
  maxRequestHeadersKb?: Integer
}
interface Tls {
  /** The certificates that it shows. */
  certificates?: Certificate[]
  /** Oldest version. */
  minVersion?: 'TLSv1_0' | 'TLSv1_1' | 'TLSv1_2' | 'TLSv1_3'
  /** Newest version. */
  maxVersion?: 'TLSv1_0' | 'TLSv1_1' | 'TLSv1_2' | 'TLSv1_3'
  /** Ciphers, up to TLS 1.2. */
  cipherSuites?: string[]
}
interface Certificate {
  /** Kind of the entry that holds it. */
  kind: 'inline-certificate' | 'file-system-certificate'
  /** Name of that entry. */
  name: string
}

export default defineResource<ApiGateway>({
  service: 'consul',
  wire: { case: 'pascal', constant: { Kind: 'api-gateway' }, rename: { 'listeners.tls': 'TLS', 'listeners.maxRequestHeadersKb': 'MaxRequestHeadersKB' } },
  find: { list: 'GET /v1/config/api-gateway', read: 'GET /v1/config/api-gateway/{name}', match: ['name'], whole: true },
  create: 'PUT /v1/config?cas=0',
  update: 'PUT /v1/config?cas={ModifyIndex}',
  delete: 'DELETE /v1/config/api-gateway/{name}?cas={ModifyIndex}',
  lost: 'answers-false',
  since: { 'listeners.maxRequestHeadersKb': '1.21.5' },
  diff: { listeners: 'as-set', 'listeners.tls.cipherSuites': 'as-set', meta: 'whole' },
  after: ['consul_inline_certificate', 'consul_jwt_provider'],
  given: [{ run: 'consul_file_system_certificate.present', with: { name: 'gate-certificate', certificate: '/etc/gateway/own.pem', private_key: '/etc/gateway/own.key' } }],
  examples: {
    minimal: { name: 'gate', listeners: [{ name: 'raw', port: 9000, protocol: 'tcp' }] },
    public: {
      name: 'gate',
      listeners: [
        { name: 'https', port: 8443, protocol: 'http', hostname: '*.shop.example', tls: { certificates: [{ kind: 'file-system-certificate', name: 'gate-certificate' }], minVersion: 'TLSv1_2' }, maxRequestHeadersKb: 96 },
        { name: 'raw', port: 9000, protocol: 'tcp' },
      ],
      meta: { owner: 'edge' },
    },
  },
  samples: { listeners: [[{ name: 'raw', port: 9001, protocol: 'tcp' }]] },
})
