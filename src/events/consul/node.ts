import { defineEvent, type Integer } from '../../schema/index.ts'

/** One node of Consul's catalogue: whether the other agents reach it, and whether it is still a member. */
export interface ConsulNode {
  verb: 'failed' | 'alive' | 'left' | 'reaped' | 'joined'
  subject: {
    /** Datacenter that the node belongs to. */
    datacenter: string
    /** Admin partition; `default` where Consul has none. */
    partition: string
    /** Name of the node. */
    node: string
  }
  verdict: {
    /**
     * Why. `unreachable`: the other agents cannot reach it. `reachable`: they can again. `new`: never seen before. `recovered`: back within
     * the quiet time. `reverted`: the servers were restored or rebuilt. `graceful`: it said goodbye, or an operator deregistered it, while
     * it was alive. `reconnect_timeout`: it was failed for so long that the servers forgot it. `forced`: it was failed and an operator
     * removed it earlier than that. `external`: it never had an agent; somebody deregistered it.
     */
    cause: 'unreachable' | 'reachable' | 'new' | 'recovered' | 'reverted' | 'graceful' | 'reconnect_timeout' | 'forced' | 'external'
    /** `proved`: Consul's own record says so. `inferred`: it follows from what was seen. `suspected`: it fits, and so does another cause. */
    confidence: 'proved' | 'inferred' | 'suspected'
  }
  change: {
    /** Health of its agent before; `unwatched` for a node without an agent; null when it did not exist. */
    from: 'passing' | 'critical' | 'unwatched' | null
    /** Health of its agent after; null when it does not exist any more. */
    to: 'passing' | 'critical' | 'unwatched' | null
    /** Seconds that it had the health `from`; null when that began before the sidecar looked. */
    held: Integer | null
    /** Quiet time in seconds after which its absence counts; null where no quiet time applies. */
    quiet: Integer | null
    /** How many service instances are on it, went with it, or came back with it. */
    count: Integer
    /** The first hundred of them as `service/instance`; they get no event of their own. */
    instances: string[]
  }
  links: {
    /** Nomad allocations of those instances; at most a hundred. */
    allocs: string[]
  }
}

declare module '../../schema/index.ts' {
  interface Events {
    'consul/node': ConsulNode
  }
}

export default defineEvent<ConsulNode>({
  tag: 'eos/consul/node/{verb}/{subject.node}',
  verbs: {
    failed: {
      severity: 'critical',
      raised: '`serfHealth` of a node turns critical. Its instances stay in the catalogue and may still be called passing; they are listed here and get no event each.',
      says: 'Consul cannot reach node {subject.node}; service instances on it: {change.count}',
      advice: 'Look whether host {subject.node} is up, its Consul agent runs and port 8301 is open to the others. What the checks of its services said last proves nothing until it is back.',
      id: 'c:{subject.datacenter}:{subject.partition}:{subject.node}::failed:{mark}',
      example: {
        subject: { datacenter: 'dc1', partition: 'default', node: 'n2' },
        verdict: { cause: 'unreachable', confidence: 'proved' },
        change: { from: 'passing', to: 'critical', held: 86_400, quiet: null, count: 2, instances: ['shop/shop-1', 'web/web-1'] },
        links: { allocs: [] },
      },
    },
    alive: {
      severity: 'info',
      raised: '`serfHealth` of a failed node passes again.',
      says: 'Consul reaches node {subject.node} again; service instances on it: {change.count}',
      id: 'c:{subject.datacenter}:{subject.partition}:{subject.node}::alive:{mark}',
      example: {
        subject: { datacenter: 'dc1', partition: 'default', node: 'n2' },
        verdict: { cause: 'reachable', confidence: 'proved' },
        change: { from: 'critical', to: 'passing', held: 45, quiet: null, count: 2, instances: ['shop/shop-1', 'web/web-1'] },
        links: { allocs: [] },
      },
    },
    left: {
      severity: 'notice',
      raised:
        'A node is gone that was alive when it was last seen, with all its instances. At once with `settled: false`; after the quiet time with `settled: true`, or it is taken back by `joined` with cause `recovered`.',
      says: 'Node {subject.node} left Consul: {verdict.cause}; service instances on it: {change.count}',
      id: 'c:{subject.datacenter}:{subject.partition}:{subject.node}::left:{mark}',
      settle: '10s',
      example: {
        subject: { datacenter: 'dc1', partition: 'default', node: 'n2' },
        verdict: { cause: 'graceful', confidence: 'inferred' },
        change: { from: 'passing', to: null, held: 86_400, quiet: 10, count: 1, instances: ['shop/shop-1'] },
        links: { allocs: [] },
      },
    },
    reaped: {
      severity: 'warning',
      raised: 'A node is gone that was failed when it was last seen: the servers forgot it after `reconnect_timeout`, or an operator removed it.',
      says: 'Consul forgot the failed node {subject.node}: {verdict.cause}; service instances on it: {change.count}',
      advice: 'Consul forgets a failed node after `reconnect_timeout`, 72 hours by default, or when somebody runs `consul force-leave -prune`. If {subject.node} is to live, start its agent: it joins again with its services.',
      id: 'c:{subject.datacenter}:{subject.partition}:{subject.node}::reaped:{mark}',
      settle: '10s',
      example: {
        subject: { datacenter: 'dc1', partition: 'default', node: 'n2' },
        verdict: { cause: 'forced', confidence: 'inferred' },
        change: { from: 'critical', to: null, held: 300, quiet: 10, count: 1, instances: ['shop/shop-1'] },
        links: { allocs: [] },
      },
    },
    joined: {
      severity: 'info',
      raised: 'A node stands in the catalogue that was not there at the last reading; with cause `recovered` it takes back an unsettled `left` or `reaped`.',
      says: 'Node {subject.node} joined Consul: {verdict.cause}',
      id: 'c:{subject.datacenter}:{subject.partition}:{subject.node}::joined:{mark}',
      example: {
        subject: { datacenter: 'dc1', partition: 'default', node: 'n3' },
        verdict: { cause: 'new', confidence: 'proved' },
        change: { from: null, to: 'passing', held: null, quiet: null, count: 0, instances: [] },
        links: { allocs: [] },
      },
    },
  },
})
