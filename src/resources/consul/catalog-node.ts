import { defineResource, type Immutable, type Key, type Matching } from '../../schema/index.ts'

/** A node in Consul's catalogue that has no agent: a device, or a host elsewhere. A node with an agent registers itself, and again: its removal and change are refused. Removing one removes its services. It is written whole, as it was read a moment before: what another writes in between is lost. */
export interface CatalogNode {
  /** Its name. */
  name: Key<Matching<'^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$', 'letters, digits, `.`, `_` and `-`, at most 128, a letter or digit first'>>
  /** Where it is reached. */
  address: string
  /** Its own id, a UUID. */
  id?: Immutable<Matching<'^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$', 'a UUID in lower case'>>
  /** Addresses by the network from which it is reached, such as `wan`. */
  taggedAddresses?: Record<string, string>
  /** Free labels; `external-node` and `external-probe` are what the external monitor looks for. */
  meta?: Record<string, string>
}

export default defineResource<CatalogNode>({
  service: 'consul',
  wire: { case: 'pascal', rename: { name: 'Node', id: 'ID' } },
  find: { list: 'GET /v1/catalog/nodes', read: 'GET /v1/catalog/nodes?filter=Node%20%3D%3D%20%22{name}%22', match: ['name'] },
  create: 'PUT /v1/catalog/register',
  update: 'PUT /v1/catalog/register',
  delete: 'PUT /v1/catalog/deregister',
  diff: { taggedAddresses: 'whole', meta: 'whole' },
  examples: {
    minimal: { name: 'printer', address: '10.9.0.1' },
    watched: {
      name: 'bank.example',
      address: '10.9.0.2',
      id: '5f0c6a52-8d8b-4f5e-9d53-0d2a9be5c002',
      taggedAddresses: { lan: '10.9.0.2', wan: '192.0.2.2' },
      meta: { 'external-node': 'true', 'external-probe': 'true' },
    },
  },
  samples: { address: ['10.9.0.3'], taggedAddresses: [{ lan: '10.9.0.3' }] },
  hooks: ['to_wire', 'before_update', 'before_delete'],
})
