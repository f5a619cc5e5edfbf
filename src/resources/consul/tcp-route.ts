import { defineResource, type Key, type Matching } from '../../schema/index.ts'

/** The configuration entry `tcp-route` of Consul: which service the connections of a gateway go to. */
export interface TcpRoute {
  /** Name of the route. */
  name: Key<Matching<'^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$', 'letters, digits, `.`, `_` and `-`, at most 128, a letter or digit first'>>
  /** The gateways that it belongs to. */
  parents?: Parent[]
  /** The service, one alone. */
  services?: Target[]
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
interface Target {
  /** Name of the service. */
  name: string
}

export default defineResource<TcpRoute>({
  service: 'consul',
  wire: { case: 'pascal', constant: { Kind: 'tcp-route' } },
  find: { list: 'GET /v1/config/tcp-route', read: 'GET /v1/config/tcp-route/{name}', match: ['name'], whole: true },
  create: 'PUT /v1/config?cas=0',
  update: 'PUT /v1/config?cas={ModifyIndex}',
  delete: 'DELETE /v1/config/tcp-route/{name}?cas={ModifyIndex}',
  lost: 'answers-false',
  diff: { parents: 'as-set', meta: 'whole' },
  after: ['consul_service_defaults'],
  given: [{ run: 'consul_api_gateway.present', with: { name: 'tcproute-gate', listeners: [{ name: 'raw', port: 9000, protocol: 'tcp' }] } }],
  examples: {
    minimal: { name: 'db-route' },
    db: {
      name: 'db-route',
      parents: [{ kind: 'api-gateway', name: 'tcproute-gate', sectionName: 'raw' }],
      services: [{ name: 'tcproute-db' }],
      meta: { owner: 'data' },
    },
  },
  samples: { services: [[{ name: 'tcproute-copy' }]], parents: [[{ kind: 'api-gateway', name: 'tcproute-gate' }]] },
})
