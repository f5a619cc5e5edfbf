import { defineResource, type Default, type Integer, type Key, type Matching, type ReadOnly, type Span } from '../../schema/index.ts'

/** A Consul prepared query: a service under a name of its own, with a choice of instances and a fallback to other datacenters. */
export interface PreparedQuery {
  /** Name under which DNS and HTTP answer it; for a template the prefix of such names. */
  name: Key<Matching<'^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$', 'letters, digits, `.`, `_` and `-`, at most 128, a letter or digit first'>>
  /** Service that is looked for; in a template `${match(1)}` is what its pattern found. */
  service: string
  /** Only instances whose checks all pass; those that warn, too, otherwise. */
  onlyPassing: Default<boolean, false>
  /** Tags that an instance must have, or with `!` must not have. */
  tags?: string[]
  /** Checks that say nothing about an instance here. */
  ignoreCheckIds?: string[]
  /** What the metadata of an instance's node must be. */
  nodeMeta?: Record<string, string>
  /** What the metadata of an instance must be. */
  serviceMeta?: Record<string, string>
  /** Node from which the nearest come first, or `_agent`. */
  near: Default<string, ''>
  /** Give mesh proxies instead of the instances. */
  connect: Default<boolean, false>
  /** How many of the nearest other datacenters are asked when none is left here. */
  failoverNearest?: Integer
  /** Datacenters that are asked after those, in this order. */
  failoverDatacenters?: string[]
  /** Datacenters and other meshes that are asked instead of those, in this order. */
  failoverTargets?: FailoverTarget[]
  /** How long DNS may keep an answer. */
  ttl?: Span<'text'>
  /** Makes it a template for every name that begins so; no template when empty. */
  templateType?: '' | 'name_prefix_match'
  /** What a template finds in the name it is asked for. */
  templateRegexp?: string
  /** A template leaves out tags that came out empty. */
  templateRemoveEmptyTags?: boolean
  /** Consul's own id. */
  id: ReadOnly<string>
}
interface FailoverTarget {
  /** Another datacenter. */
  datacenter?: string
  /** Another mesh. */
  peer?: string
}

export default defineResource<PreparedQuery>({
  service: 'consul',
  wire: {
    case: 'pascal',
    rename: {
      id: 'ID',
      service: 'Service.Service',
      onlyPassing: 'Service.OnlyPassing',
      tags: 'Service.Tags',
      ignoreCheckIds: 'Service.IgnoreCheckIDs',
      nodeMeta: 'Service.NodeMeta',
      serviceMeta: 'Service.ServiceMeta',
      near: 'Service.Near',
      connect: 'Service.Connect',
      failoverNearest: 'Service.Failover.NearestN',
      failoverDatacenters: 'Service.Failover.Datacenters',
      failoverTargets: 'Service.Failover.Targets',
      ttl: 'DNS.TTL',
      templateType: 'Template.Type',
      templateRegexp: 'Template.Regexp',
      templateRemoveEmptyTags: 'Template.RemoveEmptyTags',
    },
  },
  find: { list: 'GET /v1/query', match: ['name'] },
  create: 'POST /v1/query',
  update: 'PUT /v1/query/{ID}',
  delete: 'DELETE /v1/query/{ID}',
  diff: { tags: 'as-set', ignoreCheckIds: 'as-set', nodeMeta: 'whole', serviceMeta: 'whole' },
  exclusive: [
    ['failoverNearest', 'failoverTargets'],
    ['failoverDatacenters', 'failoverTargets'],
  ],
  examples: {
    minimal: { name: 'web-here', service: 'web' },
    nearest: {
      name: 'web-anywhere',
      service: 'web',
      onlyPassing: true,
      tags: ['public', '!canary'],
      ignoreCheckIds: ['disk', 'load'],
      nodeMeta: { zone: 'a' },
      serviceMeta: { version: '2' },
      near: '_agent',
      connect: false,
      failoverNearest: 2,
      failoverDatacenters: ['dc2', 'dc3'],
      ttl: '10s',
    },
    elsewhere: { name: 'web-elsewhere', service: 'web', failoverTargets: [{ datacenter: 'dc2' }, { peer: 'east' }] },
    template: {
      name: 'geo-',
      service: '${match(1)}',
      templateType: 'name_prefix_match',
      templateRegexp: '^geo-(.+)$',
      templateRemoveEmptyTags: true,
    },
  },
  samples: { service: ['api', 'db'], near: ['n1', '_agent'], ttl: ['90s', 30], templateRegexp: ['^geo-(.*)-x$'] },
})
