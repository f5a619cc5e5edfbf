import { defineResource, type Integer, type Key, type Matching, type Span } from '../../schema/index.ts'

/** The configuration entry `service-resolver` of Consul: which instances a service's name stands for. */
export interface ServiceResolver {
  /** Name of the service. */
  name: Key<Matching<'^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$', 'letters, digits, `.`, `_` and `-`, at most 128, a letter or digit first'>>
  /** Subset that is taken when none is asked for. */
  defaultSubset?: string
  /** Subsets of its instances by name. */
  subsets?: Record<string, Subset>
  /** What stands for it instead. */
  redirect?: Redirect
  /** What stands in when a subset has no instance left, by subset; `*` for every other. */
  failover?: Record<string, Failover>
  /** Longest wait for a connection. */
  connectTimeout?: Span<'text'>
  /** Longest wait for an answer. */
  requestTimeout?: Span<'text'>
  /** How requests are spread. */
  loadBalancer?: LoadBalancer
  /** Free labels. */
  meta?: Record<string, string>
}
interface Subset {
  /** Expression over an instance. */
  filter?: string
  /** Only instances whose checks all pass. */
  onlyPassing?: boolean
}
interface Redirect {
  /** Another service. */
  service?: string
  /** One of its subsets. */
  serviceSubset?: string
  /** Another datacenter. */
  datacenter?: string
}
interface Failover {
  /** Another service. */
  service?: string
  /** One of its subsets. */
  serviceSubset?: string
  /** Other datacenters, in this order. */
  datacenters?: string[]
  /** Several of these, in this order. */
  targets?: FailoverTarget[]
}
interface FailoverTarget {
  /** Another service. */
  service?: string
  /** One of its subsets. */
  serviceSubset?: string
  /** Another datacenter. */
  datacenter?: string
  /** Another mesh. */
  peer?: string
}
interface LoadBalancer {
  /** Way in which an instance is chosen. */
  policy: 'random' | 'round_robin' | 'least_request' | 'ring_hash' | 'maglev'
  /** For `ring_hash`. */
  ringHashConfig?: RingHash
  /** For `least_request`. */
  leastRequestConfig?: LeastRequest
  /** What of a request decides, in this order; for `ring_hash` and `maglev`. */
  hashPolicies?: HashPolicy[]
}
interface RingHash {
  /** Least entries of the ring. */
  minimumRingSize?: Integer
  /** Most entries of the ring. */
  maximumRingSize?: Integer
}
interface LeastRequest {
  /** How many instances are compared. */
  choiceCount?: Integer
}
interface HashPolicy {
  /** Part of the request. */
  field?: 'header' | 'cookie' | 'query_parameter'
  /** Name of that header, cookie or parameter. */
  fieldValue?: string
  /** The address it comes from. */
  sourceIp?: boolean
  /** Those that follow are left out when this one says something. */
  terminal?: boolean
}

export default defineResource<ServiceResolver>({
  service: 'consul',
  wire: { case: 'pascal', constant: { Kind: 'service-resolver' }, rename: { 'loadBalancer.hashPolicies.sourceIp': 'SourceIP' } },
  find: { list: 'GET /v1/config/service-resolver', read: 'GET /v1/config/service-resolver/{name}', match: ['name'], whole: true },
  create: 'PUT /v1/config?cas=0',
  update: 'PUT /v1/config?cas={ModifyIndex}',
  delete: 'DELETE /v1/config/service-resolver/{name}?cas={ModifyIndex}',
  lost: 'answers-false',
  diff: { subsets: 'whole', redirect: 'whole', failover: 'whole', loadBalancer: 'whole', meta: 'whole' },
  exclusive: [['redirect', 'failover']],
  after: ['consul_service_defaults'],
  examples: {
    minimal: { name: 'resolved' },
    versions: {
      name: 'resolved-shop',
      defaultSubset: 'v1',
      subsets: { v1: { filter: 'Service.Meta.version == 1', onlyPassing: true }, v2: { filter: 'Service.Meta.version == 2' } },
      failover: { v1: { serviceSubset: 'v2' }, '*': { targets: [{ service: 'resolved-spare' }, { datacenter: 'dc2' }] } },
      connectTimeout: '15s',
      requestTimeout: '1m',
      loadBalancer: {
        policy: 'ring_hash',
        ringHashConfig: { minimumRingSize: 64 },
        hashPolicies: [{ field: 'cookie', fieldValue: 'session', terminal: true }, { sourceIp: true }],
      },
      meta: { owner: 'shop' },
    },
    moved: { name: 'resolved-old', redirect: { service: 'resolved-new' } },
  },
  samples: {
    defaultSubset: ['v2'],
    subsets: [{ v1: { filter: 'Service.Meta.version == 3' }, v2: {} }],
    failover: [{ '*': { service: 'resolved-spare' } }],
    'redirect.service': ['resolved-newer'],
    'loadBalancer.policy': ['ring_hash'],
    connectTimeout: ['10s', 20],
  },
})
