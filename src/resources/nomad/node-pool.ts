import { defineResource, type Default, type Key, type Matching, type Span, type Text } from '../../schema/index.ts'

/** A Nomad node pool: a group of client nodes that jobs ask for by name. A pool with nodes or jobs cannot be removed. */
export interface NodePool {
  /** Name that clients and jobs refer to. */
  name: Key<Matching<'^[a-zA-Z0-9_-]{1,128}$', 'letters, digits, `-` and `_`, at most 128'>>
  /** What the nodes of the pool have in common. */
  description: Default<Text<256>, ''>
  /** Free labels, such as the rack. */
  meta?: Record<string, string>
  /** How long the identity lives that Nomad gives to a node of the pool; Nomad's own default is a day, which it takes for `0s`, too. */
  nodeIdentityTtl?: Span<'ns', 'some'>
}

export default defineResource<NodePool>({
  service: 'nomad',
  wire: { case: 'pascal', rename: { nodeIdentityTtl: 'NodeIdentityTTL' } },
  find: { list: 'GET /v1/node/pools', read: 'GET /v1/node/pool/{name}', match: ['name'], whole: true },
  create: 'PUT /v1/node/pools',
  update: 'PUT /v1/node/pools',
  delete: 'DELETE /v1/node/pool/{name}',
  diff: { meta: 'whole' },
  since: { nodeIdentityTtl: '1.11' },
  samples: { nodeIdentityTtl: ['12h', '36h', 7200] },
  examples: {
    minimal: { name: 'gpu' },
    full: { name: 'batch', description: 'Old machines for work at night', meta: { rack: 'r7' }, nodeIdentityTtl: '48h' },
  },
})
