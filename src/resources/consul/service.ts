import { defineResource, type Default, type Integer, type Key, type Matching } from '../../schema/index.ts'

/** A service that the Consul agent of this minion announces. Its checks are objects of their own. */
export interface Service {
  /** Id, one at this agent. */
  name: Key<Matching<'^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$', 'letters, digits, `.`, `_`, `:` and `-`, at most 128, a letter or digit first'>>
  /** Name under which it is found. */
  service: Matching<'^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$', 'letters, digits, `.`, `_` and `-`, at most 128, a letter or digit first'>
  /** Words by which it is found among others of its name. */
  tags?: string[]
  /** Where it is reached, when not at the agent's own address. */
  address: Default<string, ''>
  /** Its port; 0 is none. */
  port: Default<Integer, 0>
  /** Free labels. */
  meta?: Record<string, string>
  /** How many of the requests it is given. */
  weights?: Weights
  /** Whether others may change its tags in the catalogue. */
  enableTagOverride: Default<boolean, false>
}
interface Weights {
  /** While its checks pass. */
  passing: Integer
  /** While one warns. */
  warning: Integer
}

export default defineResource<Service>({
  service: 'consul',
  wire: { case: 'pascal', rename: { name: 'ID' } },
  find: { list: 'GET /v1/agent/services', read: 'GET /v1/agent/service/{name}', match: ['name'], whole: true },
  create: 'PUT /v1/agent/service/register',
  update: 'PUT /v1/agent/service/register',
  delete: 'PUT /v1/agent/service/deregister/{name}',
  diff: { tags: 'as-set', meta: 'whole' },
  examples: {
    minimal: { name: 'mail', service: 'mail' },
    placed: {
      name: 'web-1',
      service: 'web',
      tags: ['v2', 'blue'],
      address: '10.0.0.7',
      port: 8443,
      meta: { owner: 'web-team', cost: 'a: b' },
      weights: { passing: 10, warning: 1 },
      enableTagOverride: true,
    },
  },
  samples: { service: ['shop'], address: ['10.0.0.8', ''], port: [0, 65_535], weights: [{ passing: 3, warning: 2 }] },
  hooks: ['kept', 'to_wire'],
})
