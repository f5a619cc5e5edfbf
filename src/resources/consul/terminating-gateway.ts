import { defineResource, type Key, type Matching } from '../../schema/index.ts'

/** The configuration entry `terminating-gateway` of Consul: which services outside of the mesh it reaches. */
export interface TerminatingGateway {
  /** Name of the gateway's own service. */
  name: Key<Matching<'^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$', 'letters, digits, `.`, `_` and `-`, at most 128, a letter or digit first'>>
  /** The services, and how the gateway proves itself to them. */
  services?: LinkedService[]
  /** Free labels. */
  meta?: Record<string, string>
}
interface LinkedService {
  /** Name of the service, or `*` for every one that has no entry. */
  name: string
  /** File on the gateway with the CA that their certificate must come from. */
  caFile?: string
  /** File on the gateway with its own certificate. */
  certFile?: string
  /** File on the gateway with the key of that. */
  keyFile?: string
  /** Name that is asked for by TLS. */
  sni?: string
  /** The header `Host` stays as it came. */
  disableAutoHostRewrite?: boolean
}

export default defineResource<TerminatingGateway>({
  service: 'consul',
  wire: { case: 'pascal', constant: { Kind: 'terminating-gateway' }, rename: { 'services.caFile': 'CAFile', 'services.sni': 'SNI' } },
  find: { list: 'GET /v1/config/terminating-gateway', read: 'GET /v1/config/terminating-gateway/{name}', match: ['name'], whole: true },
  create: 'PUT /v1/config?cas=0',
  update: 'PUT /v1/config?cas={ModifyIndex}',
  delete: 'DELETE /v1/config/terminating-gateway/{name}?cas={ModifyIndex}',
  lost: 'answers-false',
  diff: { services: 'as-set', meta: 'whole' },
  after: ['consul_service_defaults'],
  examples: {
    minimal: { name: 'egress' },
    bank: {
      name: 'egress',
      services: [
        { name: 'left-bank', caFile: '/etc/gateway/ca.pem', certFile: '/etc/gateway/own.pem', keyFile: '/etc/gateway/own.key', sni: 'bank.example' },
        { name: 'left-mail', disableAutoHostRewrite: true },
      ],
      meta: { owner: 'edge' },
    },
  },
  samples: { services: [[{ name: 'left-mail' }], [{ name: 'left-bank', sni: 'bank.test' }]] },
})
