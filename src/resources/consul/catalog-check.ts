import { defineResource, type Default, type Immutable, type Key, type Matching, type Span } from '../../schema/index.ts'

/** The state of a health check in Consul's catalogue, on a node without an agent: a node with one is refused. Somebody else looks and writes it, such as the external monitor. It is written whole, as it was read a moment before: a state that the monitor writes in between is lost until it writes again. */
export interface CatalogCheck {
  /** Id, one at its node. */
  name: Key<Matching<'^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$', 'letters, digits, `.`, `_`, `:` and `-`, at most 128, a letter or digit first'>>
  /** Name of its node, which must be there. */
  node: Key<Matching<'^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$', 'letters, digits, `.`, `_` and `-`, at most 128, a letter or digit first'>>
  /** What people read. */
  title: string
  /** Id of the service on that node that it is about; the whole node when left out. */
  serviceId: Default<Immutable<string>, ''>
  /** What it says; `critical` to begin with, and then left to whoever looks, when left out. */
  status?: 'passing' | 'warning' | 'critical'
  /** For people who find it failing. */
  notes: Default<string, ''>
  /** What the external monitor does. */
  definition?: Definition
}
interface Definition {
  /** Address that is asked. */
  http?: string
  /** Or `host:port` that is reached. */
  tcp?: string
  /** How often. */
  interval?: Span<'text'>
  /** Longest wait for an answer. */
  timeout?: Span<'text'>
}

export default defineResource<CatalogCheck>({
  service: 'consul',
  wire: { case: 'pascal', rename: { name: 'CheckID', title: 'Name', serviceId: 'ServiceID', 'definition.http': 'HTTP', 'definition.tcp': 'TCP' } },
  find: { read: 'GET /v1/health/node/{node}?filter=CheckID%20%3D%3D%20%22{name}%22' },
  create: 'PUT /v1/catalog/register',
  update: 'PUT /v1/catalog/register',
  delete: 'PUT /v1/catalog/deregister',
  given: [
    { run: 'consul_catalog_node.present', with: { name: 'exchange', address: '10.9.2.1' } },
    { run: 'consul_catalog_service.present', with: { name: 'rates', node: 'exchange', service: 'rates' } },
  ],
  examples: {
    minimal: { name: 'alive', node: 'exchange', title: 'The exchange answers' },
    monitored: {
      name: 'rates:answers',
      node: 'exchange',
      title: 'The rates are there',
      serviceId: 'rates',
      status: 'warning',
      notes: 'Closed on Sundays',
      definition: { http: 'https://rates.example/', interval: '30s', timeout: '5s' },
    },
  },
  samples: { title: ['Another title'], serviceId: [''], 'definition.http': ['https://rates.test/'], 'definition.interval': ['45s', 60], 'definition.timeout': ['7s', 8] },
  hooks: ['to_wire', 'before_create', 'before_update', 'before_delete'],
})
