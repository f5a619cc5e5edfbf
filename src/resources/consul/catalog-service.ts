import { defineResource, type Default, type Integer, type Key, type Matching } from '../../schema/index.ts'

/** A service in Consul's catalogue on a node without an agent: a node with one is refused. What runs beside an agent is `consul_service`. It is written whole, as it was read a moment before: what another writes in between is lost. */
export interface CatalogService {
  /** Id, one at its node. */
  name: Key<Matching<'^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$', 'letters, digits, `.`, `_`, `:` and `-`, at most 128, a letter or digit first'>>
  /** Name of its node, which must be there. */
  node: Key<Matching<'^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$', 'letters, digits, `.`, `_` and `-`, at most 128, a letter or digit first'>>
  /** Name under which it is found. */
  service: Matching<'^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$', 'letters, digits, `.`, `_` and `-`, at most 128, a letter or digit first'>
  /** Words by which it is found among others of its name. */
  tags?: string[]
  /** Where it is reached, when not at its node's own address. */
  address: Default<string, ''>
  /** Its port; 0 is none. */
  port: Default<Integer, 0>
  /** Free labels. */
  meta?: Record<string, string>
}

export default defineResource<CatalogService>({
  service: 'consul',
  wire: { case: 'pascal', rename: { name: 'ServiceID' } },
  find: { read: 'GET /v1/catalog/node-services/{node}?filter=ID%20%3D%3D%20%22{name}%22' },
  create: 'PUT /v1/catalog/register',
  update: 'PUT /v1/catalog/register',
  delete: 'PUT /v1/catalog/deregister',
  diff: { tags: 'as-set', meta: 'whole' },
  given: [{ run: 'consul_catalog_node.present', with: { name: 'bank', address: '10.9.1.1' } }],
  examples: {
    minimal: { name: 'ledger', node: 'bank', service: 'ledger' },
    placed: { name: 'pay-1', node: 'bank', service: 'pay', tags: ['v1', 'eu'], address: 'pay.example', port: 443, meta: { owner: 'bank' } },
  },
  samples: { service: ['transfer'], address: ['pay.test'], port: [0, 8443] },
  hooks: ['to_wire', 'before_create', 'before_update', 'before_delete'],
})
