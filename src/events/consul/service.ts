import { defineEvent, type Integer } from '../../schema/index.ts'

/** One instance of a service in Consul's catalogue: it appeared, changed its health, or is gone with proof. */
export interface ConsulService {
  verb: 'registered' | 'critical' | 'warning' | 'passing' | 'deregistered' | 'maintenance' | 'flapping'
  subject: {
    /** Datacenter whose servers keep the instance. */
    datacenter: string
    /** Admin partition; `default` where Consul has none. */
    partition: string
    /** Consul namespace; `default` where Consul has none. */
    namespace: string
    /** Name of the service. */
    service: string
    /** Id of the instance, unique on its node. */
    instance: string
    /** Node that the instance is registered on. */
    node: string
  }
  verdict: {
    /**
     * Why. `new`: never seen before. `replaced`: removed and registered again between two readings. `recovered`: back within the quiet
     * time. `reverted`: the servers were restored or rebuilt. `check`: a health check says so. `operator`: maintenance of the instance.
     * `node_maintenance`: maintenance of its node. `maintenance_ended`: maintenance is over, this is its health. `explicit`: somebody
     * deregistered it. `critical_timeout`: it was critical for so long that its agent removed it. `node_returned`: its node left and came
     * back without it. `flapping`: it comes and goes. `flapping_ended`: it holds still again, this is its state.
     */
    cause:
      | 'new'
      | 'replaced'
      | 'recovered'
      | 'reverted'
      | 'check'
      | 'operator'
      | 'node_maintenance'
      | 'maintenance_ended'
      | 'explicit'
      | 'critical_timeout'
      | 'node_returned'
      | 'flapping'
      | 'flapping_ended'
    /** `proved`: Consul's own record says so. `inferred`: it follows from what was seen. `suspected`: it fits, and so does another cause. */
    confidence: 'proved' | 'inferred' | 'suspected'
    /** Whether the agent of the node answers the others: a check that passes on a dead node proves nothing. */
    reachable: boolean
  }
  change: {
    /** Health before: the worst of its checks; null when it did not exist. */
    from: 'passing' | 'warning' | 'critical' | 'maintenance' | 'unchecked' | null
    /** Health after: the worst of its checks; null when it does not exist any more. */
    to: 'passing' | 'warning' | 'critical' | 'maintenance' | 'unchecked' | null
    /** Seconds that it had the health `from`; null when that began before the sidecar looked. */
    held: Integer | null
    /** Quiet time in seconds after which its absence counts; null where no quiet time applies. */
    quiet: Integer | null
    /** How often it was lost or fell within the window; 0 while it does not flap. */
    falls: Integer
    /** Length in seconds of that window. */
    window: Integer
  }
  links: {
    /** Nomad allocation that registered it, from an id like `_nomad-task-<alloc>-…`; null for anything else. */
    alloc: string | null
  }
}

declare module '../../schema/index.ts' {
  interface Events {
    'consul/service': ConsulService
  }
}

export default defineEvent<ConsulService>({
  tag: 'eos/consul/service/{verb}/{subject.service}',
  verbs: {
    registered: {
      severity: 'info',
      raised: 'An instance stands in the catalogue that was not there at the last reading; with cause `recovered` it takes back an unsettled `deregistered`.',
      says: '{subject.service} ({subject.instance}) is registered on {subject.node}: {verdict.cause}; its health is {change.to}',
      id: 'c:{subject.datacenter}:{subject.partition}:{subject.node}:{subject.instance}:registered:{mark}',
      example: {
        subject: { datacenter: 'dc1', partition: 'default', namespace: 'default', service: 'shop', instance: 'shop-1', node: 'n2' },
        verdict: { cause: 'new', confidence: 'proved', reachable: true },
        change: { from: null, to: 'critical', held: null, quiet: null, falls: 0, window: 60 },
        links: { alloc: null },
      },
    },
    critical: {
      severity: 'warning',
      raised: 'The worst of the checks of an instance turns critical. The instance stays in the catalogue.',
      says: '{subject.service} ({subject.instance}) on {subject.node} is critical; before it was {change.from}',
      advice: 'Consul has the output of each check at `/v1/health/checks/{subject.service}`; then look at the log of {subject.instance} on {subject.node}. If the check is right, the instance does not serve.',
      id: 'c:{subject.datacenter}:{subject.partition}:{subject.node}:{subject.instance}:critical:{mark}',
      example: {
        subject: { datacenter: 'dc1', partition: 'default', namespace: 'default', service: 'shop', instance: 'shop-1', node: 'n2' },
        verdict: { cause: 'check', confidence: 'proved', reachable: true },
        change: { from: 'passing', to: 'critical', held: 86_400, quiet: null, falls: 1, window: 60 },
        links: { alloc: null },
      },
    },
    warning: {
      severity: 'notice',
      raised: 'The worst of the checks of an instance turns to warning, from better or from worse.',
      says: '{subject.service} ({subject.instance}) on {subject.node} is in warning; before it was {change.from}',
      id: 'c:{subject.datacenter}:{subject.partition}:{subject.node}:{subject.instance}:warning:{mark}',
      example: {
        subject: { datacenter: 'dc1', partition: 'default', namespace: 'default', service: 'shop', instance: 'shop-1', node: 'n2' },
        verdict: { cause: 'check', confidence: 'proved', reachable: true },
        change: { from: 'passing', to: 'warning', held: 600, quiet: null, falls: 1, window: 60 },
        links: { alloc: null },
      },
    },
    passing: {
      severity: 'info',
      raised: 'All checks of an instance pass that did not before, or maintenance of a passing instance is over.',
      says: '{subject.service} ({subject.instance}) on {subject.node} passes again; before it was {change.from}',
      id: 'c:{subject.datacenter}:{subject.partition}:{subject.node}:{subject.instance}:passing:{mark}',
      example: {
        subject: {
          datacenter: 'dc1',
          partition: 'default',
          namespace: 'default',
          service: 'web',
          instance: '_nomad-task-5b9c5dd2-1c80-4b0a-9c3e-0a3d4f2f6a11-group-api-web-http',
          node: 'n1',
        },
        verdict: { cause: 'check', confidence: 'proved', reachable: true },
        change: { from: 'critical', to: 'passing', held: 12, quiet: null, falls: 0, window: 60 },
        links: { alloc: '5b9c5dd2-1c80-4b0a-9c3e-0a3d4f2f6a11' },
      },
    },
    deregistered: {
      severity: 'notice',
      raised:
        'An instance is gone and its node is still there, proved by a second consistent read with the expected token. At once with `settled: false`; after the quiet time with `settled: true`, or it is taken back by `registered` with cause `recovered`. Whether it was meant, Consul does not know: Nomad deregisters what it registered whenever an allocation ends or moves. What is critical before its agent removes it was told as `critical`.',
      says: '{subject.service} ({subject.instance}) on {subject.node} is deregistered: {verdict.cause} ({verdict.confidence}); its last health was {change.from}',
      id: 'c:{subject.datacenter}:{subject.partition}:{subject.node}:{subject.instance}:deregistered:{mark}',
      settle: '10s',
      example: {
        subject: { datacenter: 'dc1', partition: 'default', namespace: 'default', service: 'shop', instance: 'shop-1', node: 'n2' },
        verdict: { cause: 'critical_timeout', confidence: 'inferred', reachable: true },
        change: { from: 'critical', to: null, held: 63, quiet: 10, falls: 1, window: 60 },
        links: { alloc: null },
      },
    },
    maintenance: {
      severity: 'notice',
      raised: 'An operator put an instance or its whole node into maintenance: check `_service_maintenance:…` or `_node_maintenance`.',
      says: '{subject.service} ({subject.instance}) on {subject.node} is in maintenance: {verdict.cause}',
      id: 'c:{subject.datacenter}:{subject.partition}:{subject.node}:{subject.instance}:maintenance:{mark}',
      example: {
        subject: { datacenter: 'dc1', partition: 'default', namespace: 'default', service: 'shop', instance: 'shop-1', node: 'n2' },
        verdict: { cause: 'operator', confidence: 'proved', reachable: true },
        change: { from: 'passing', to: 'maintenance', held: 3600, quiet: null, falls: 0, window: 60 },
        links: { alloc: null },
      },
    },
    flapping: {
      severity: 'warning',
      raised:
        'An instance was lost or fell three times within a minute. Its single changes are held back from then on; they end in one fact with cause `flapping_ended`, or in `deregistered`. Repeated once per window while it goes on.',
      says: '{subject.service} ({subject.instance}) on {subject.node} flaps: {change.falls} falls within {change.window} s',
      advice: 'Compare interval and timeout of its check with how long the instance takes to answer, and look for restarts and memory kills of the same allocation in `salt-run eos.events`. Until it holds still, its single changes are not told.',
      id: 'c:{subject.datacenter}:{subject.partition}:{subject.node}:{subject.instance}:flapping:{mark}',
      example: {
        subject: { datacenter: 'dc1', partition: 'default', namespace: 'default', service: 'shop', instance: 'shop-1', node: 'n2' },
        verdict: { cause: 'flapping', confidence: 'proved', reachable: true },
        change: { from: 'passing', to: 'critical', held: 4, quiet: null, falls: 3, window: 60 },
        links: { alloc: null },
      },
    },
  },
})
