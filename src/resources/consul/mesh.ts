import { defineResource, type Key } from '../../schema/index.ts'

/** The configuration entry `mesh` of Consul: what holds for the whole mesh. There is one. */
export interface Mesh {
  /** Its name. */
  name: Key<'mesh'>
  /** How proxies catch traffic. */
  transparentProxy?: TransparentProxy
  /** Services may ask to take traffic without mutual TLS, too. */
  allowEnablingPermissiveMutualTls?: boolean
  /** Versions and ciphers of TLS. */
  tls?: Tls
  /** What becomes of requests over HTTP. */
  http?: Http
  /** How other meshes are reached. */
  peering?: Peering
  /** Free labels. */
  meta?: Record<string, string>
}
interface TransparentProxy {
  /** Nothing outside of the mesh is reached but through a terminating gateway. */
  meshDestinationsOnly: boolean
}
interface Tls {
  /** Of what reaches a service. */
  incoming?: TlsDirection
  /** Of what a service reaches. */
  outgoing?: TlsDirection
}
interface TlsDirection {
  /** Oldest version. */
  tlsMinVersion?: 'TLSv1_0' | 'TLSv1_1' | 'TLSv1_2' | 'TLSv1_3'
  /** Newest version. */
  tlsMaxVersion?: 'TLSv1_0' | 'TLSv1_1' | 'TLSv1_2' | 'TLSv1_3'
  /** Ciphers, up to TLS 1.2. */
  cipherSuites?: string[]
}
interface Http {
  /** The header with the certificate of the caller is removed. */
  sanitizeXForwardedClientCert?: boolean
  /** What becomes of requests that come in. */
  incoming?: HttpIncoming
}
interface HttpIncoming {
  /** How paths and headers are brought into one form before intentions judge them. */
  requestNormalization: RequestNormalization
}
interface RequestNormalization {
  /** Paths stay as they came: intentions can then be got round. */
  insecureDisablePathNormalization?: boolean
  /** Several `/` in a row become one. */
  mergeSlashes?: boolean
  /** What becomes of a path with an escaped `/`. */
  pathWithEscapedSlashesAction?: 'IMPLEMENTATION_SPECIFIC_DEFAULT' | 'KEEP_UNCHANGED' | 'REJECT_REQUEST' | 'UNESCAPE_AND_REDIRECT' | 'UNESCAPE_AND_FORWARD'
  /** What becomes of a header with `_` in its name. */
  headersWithUnderscoresAction?: 'ALLOW' | 'REJECT_REQUEST' | 'DROP_HEADER'
}
interface Peering {
  /** Servers reach those of other meshes through gateways. */
  peerThroughMeshGateways: boolean
}

export default defineResource<Mesh>({
  service: 'consul',
  // Consul gives this entry no name: what it is called is its kind.
  wire: {
    case: 'pascal',
    rename: {
      name: 'Kind',
      allowEnablingPermissiveMutualTls: 'AllowEnablingPermissiveMutualTLS',
      tls: 'TLS',
      'tls.incoming.tlsMinVersion': 'TLSMinVersion',
      'tls.incoming.tlsMaxVersion': 'TLSMaxVersion',
      'tls.outgoing.tlsMinVersion': 'TLSMinVersion',
      'tls.outgoing.tlsMaxVersion': 'TLSMaxVersion',
      http: 'HTTP',
    },
  },
  find: { list: 'GET /v1/config/mesh', read: 'GET /v1/config/mesh/{name}', match: ['name'] },
  create: 'PUT /v1/config?cas=0',
  update: 'PUT /v1/config?cas={ModifyIndex}',
  delete: 'DELETE /v1/config/mesh/{name}?cas={ModifyIndex}',
  lost: 'answers-false',
  since: { 'http.incoming': '1.20.1' },
  diff: { transparentProxy: 'whole', tls: 'whole', http: 'whole', peering: 'whole', meta: 'whole' },
  examples: {
    minimal: { name: 'mesh' },
    strict: {
      name: 'mesh',
      transparentProxy: { meshDestinationsOnly: true },
      allowEnablingPermissiveMutualTls: true,
      tls: { incoming: { tlsMinVersion: 'TLSv1_2' }, outgoing: { tlsMinVersion: 'TLSv1_3' } },
      http: {
        sanitizeXForwardedClientCert: true,
        incoming: { requestNormalization: { mergeSlashes: true, pathWithEscapedSlashesAction: 'REJECT_REQUEST', headersWithUnderscoresAction: 'REJECT_REQUEST' } },
      },
      peering: { peerThroughMeshGateways: true },
      meta: { owner: 'platform' },
    },
  },
})
