import { defineEvent } from '../../schema/index.ts'

/** One node of Nomad: whether it is there, and whether it takes work. */
export interface NomadNode {
  verb: 'up' | 'down' | 'disconnected' | 'drain_started' | 'drain_done' | 'drain_cancelled' | 'ineligible' | 'eligible' | 'registered' | 'removed'
  subject: {
    /** Name of the node. */
    node: string
    /** Id of the node; a node that was purged and comes back may have the same. */
    nodeId: string
    /** Datacenter that it is in. */
    datacenter: string
    /** Node pool that it is in. */
    pool: string
  }
  verdict: {
    /**
     * Why. `heartbeat`: its heartbeat came, or was missed. `registered`: its agent registered. `operator`: a person or a program asked for it.
     * `drain`: a drain came to its end. `plan_rejections`: the servers rejected too many plans for it. `purged`: somebody removed it.
     * `collected`: the servers removed it after it was down for long. `reverted`: the servers were restored. `unknown`: Nomad does not say.
     */
    cause: 'heartbeat' | 'registered' | 'operator' | 'drain' | 'plan_rejections' | 'purged' | 'collected' | 'reverted' | 'unknown'
    /** `proved`: Nomad's own record says so. `inferred`: it follows from two lists in which it is missing. */
    confidence: 'proved' | 'inferred'
    /** Nomad's own words; empty where it has none. */
    detail: string
  }
  change: {
    /** Status before: `initializing`, `ready`, `disconnected` or `down`; null when it was not known. */
    from: string | null
    /** Status after; null when it is gone. */
    to: string | null
    /** Eligibility before: `eligible` or `ineligible`; null when it was not known. */
    eligibilityFrom: string | null
    /** Eligibility after; null when it is gone. */
    eligibility: string | null
  }
  links: {
    /** Accessor of the ACL token that asked for the drain; null where Nomad does not say. */
    accessor: string | null
  }
}

declare module '../../schema/index.ts' {
  interface Events {
    'nomad/node': NomadNode
  }
}

export default defineEvent<NomadNode>({
  tag: 'eos/nomad/node/{verb}/{subject.node}',
  verbs: {
    up: {
      severity: 'notice',
      raised: 'The status of a node turns to `ready`.',
      says: '{subject.node} is ready again: {verdict.detail}',
      id: 'node:{subject.nodeId}:up:{mark}',
      example: {
        subject: { node: 'n2', nodeId: '0f3c6d5f-9a1b-e3a6-a001-e9a7c1d042b1', datacenter: 'dc1', pool: 'default' },
        verdict: { cause: 'heartbeat', confidence: 'proved', detail: 'Node reregistered by heartbeat' },
        change: { from: 'down', to: 'ready', eligibilityFrom: 'eligible', eligibility: 'eligible' },
        links: { accessor: null },
      },
    },
    down: {
      severity: 'critical',
      raised: 'The status of a node turns to `down`: its heartbeat was missed for longer than its time to live and grace, or it was shut down.',
      says: '{subject.node} is down: {verdict.detail}',
      advice: 'Look whether the host {subject.node} is up and its Nomad agent runs (`systemctl status nomad`) and reaches the servers. Nomad places its work elsewhere as far as there is room.',
      id: 'node:{subject.nodeId}:down:{mark}',
      example: {
        subject: { node: 'n2', nodeId: '0f3c6d5f-9a1b-e3a6-a001-e9a7c1d042b1', datacenter: 'dc1', pool: 'default' },
        verdict: { cause: 'heartbeat', confidence: 'proved', detail: 'Node heartbeat missed' },
        change: { from: 'ready', to: 'down', eligibilityFrom: 'eligible', eligibility: 'eligible' },
        links: { accessor: null },
      },
    },
    disconnected: {
      severity: 'warning',
      raised: 'The status of a node turns to `disconnected`: its heartbeat was missed, and a group on it allows it to come back.',
      says: '{subject.node} is disconnected: {verdict.detail}',
      advice: 'Look at the network between {subject.node} and the servers; its tasks may run on. They are replaced only after `lost_after` of their groups.',
      id: 'node:{subject.nodeId}:disconnected:{mark}',
      example: {
        subject: { node: 'n2', nodeId: '0f3c6d5f-9a1b-e3a6-a001-e9a7c1d042b1', datacenter: 'dc1', pool: 'default' },
        verdict: { cause: 'heartbeat', confidence: 'proved', detail: 'Node heartbeat missed' },
        change: { from: 'ready', to: 'disconnected', eligibilityFrom: 'eligible', eligibility: 'eligible' },
        links: { accessor: null },
      },
    },
    drain_started: {
      severity: 'notice',
      raised: 'A node has a drain strategy that it did not have before.',
      says: '{subject.node} begins to drain: {verdict.detail} (accessor {links.accessor})',
      id: 'node:{subject.nodeId}:drain_started:{mark}',
      example: {
        subject: { node: 'n2', nodeId: '0f3c6d5f-9a1b-e3a6-a001-e9a7c1d042b1', datacenter: 'dc1', pool: 'default' },
        verdict: { cause: 'operator', confidence: 'proved', detail: 'Node drain strategy set' },
        change: { from: 'ready', to: 'ready', eligibilityFrom: 'eligible', eligibility: 'ineligible' },
        links: { accessor: '4d1f2a90-77aa-4c11-b0de-2f5a7c9e1d00' },
      },
    },
    drain_done: {
      severity: 'notice',
      raised: 'The drain of a node has come to its end: nothing that had to move runs there any more, or its deadline passed.',
      says: 'the drain of {subject.node} is done: {verdict.detail}',
      id: 'node:{subject.nodeId}:drain_done:{mark}',
      example: {
        subject: { node: 'n2', nodeId: '0f3c6d5f-9a1b-e3a6-a001-e9a7c1d042b1', datacenter: 'dc1', pool: 'default' },
        verdict: { cause: 'drain', confidence: 'proved', detail: 'Node drain complete' },
        change: { from: 'ready', to: 'ready', eligibilityFrom: 'ineligible', eligibility: 'ineligible' },
        links: { accessor: '4d1f2a90-77aa-4c11-b0de-2f5a7c9e1d00' },
      },
    },
    drain_cancelled: {
      severity: 'notice',
      raised: 'The drain of a node was taken back before its end.',
      says: 'the drain of {subject.node} is cancelled: {verdict.detail} (accessor {links.accessor})',
      id: 'node:{subject.nodeId}:drain_cancelled:{mark}',
      example: {
        subject: { node: 'n2', nodeId: '0f3c6d5f-9a1b-e3a6-a001-e9a7c1d042b1', datacenter: 'dc1', pool: 'default' },
        verdict: { cause: 'operator', confidence: 'proved', detail: 'Node drain disabled' },
        change: { from: 'ready', to: 'ready', eligibilityFrom: 'ineligible', eligibility: 'eligible' },
        links: { accessor: '4d1f2a90-77aa-4c11-b0de-2f5a7c9e1d00' },
      },
    },
    ineligible: {
      severity: 'warning',
      raised: 'A node takes no new allocations any more, without a drain: an operator said so, or the servers did after too many rejected plans.',
      says: '{subject.node} takes no new work: {verdict.cause}, {verdict.detail}',
      advice: 'When what it was done for is over, `nomad node eligibility -enable {subject.nodeId}` lets it take work again. With cause `plan_rejections` look into the logs of the servers first: the node refused plans again and again.',
      id: 'node:{subject.nodeId}:ineligible:{mark}',
      example: {
        subject: { node: 'n2', nodeId: '0f3c6d5f-9a1b-e3a6-a001-e9a7c1d042b1', datacenter: 'dc1', pool: 'default' },
        verdict: { cause: 'plan_rejections', confidence: 'proved', detail: 'Node marked as ineligible for scheduling due to multiple plan rejections' },
        change: { from: 'ready', to: 'ready', eligibilityFrom: 'eligible', eligibility: 'ineligible' },
        links: { accessor: null },
      },
    },
    eligible: {
      severity: 'info',
      raised: 'A node takes new allocations again.',
      says: '{subject.node} takes new work again: {verdict.detail}',
      id: 'node:{subject.nodeId}:eligible:{mark}',
      example: {
        subject: { node: 'n2', nodeId: '0f3c6d5f-9a1b-e3a6-a001-e9a7c1d042b1', datacenter: 'dc1', pool: 'default' },
        verdict: { cause: 'operator', confidence: 'proved', detail: 'Node marked as eligible for scheduling' },
        change: { from: 'ready', to: 'ready', eligibilityFrom: 'ineligible', eligibility: 'eligible' },
        links: { accessor: null },
      },
    },
    registered: {
      severity: 'info',
      raised: 'A node is there that was not known; one that only registers again is not new.',
      says: '{subject.node} has joined {subject.datacenter}',
      id: 'node:{subject.nodeId}:registered:{mark}',
      example: {
        subject: { node: 'n2', nodeId: '0f3c6d5f-9a1b-e3a6-a001-e9a7c1d042b1', datacenter: 'dc1', pool: 'default' },
        verdict: { cause: 'registered', confidence: 'proved', detail: 'Node registered' },
        change: { from: null, to: 'ready', eligibilityFrom: null, eligibility: 'eligible' },
        links: { accessor: null },
      },
    },
    removed: {
      severity: 'warning',
      raised: 'A node is gone from two consecutive lists of the servers: it was purged, or collected after it was down. Nomad’s stream never tells this.',
      says: '{subject.node} was removed from the cluster: {verdict.cause}',
      advice: 'If it is gone for good, there is nothing to do. Otherwise start its Nomad agent: it registers again.',
      id: 'node:{subject.nodeId}:removed:{mark}',
      example: {
        subject: { node: 'n2', nodeId: '0f3c6d5f-9a1b-e3a6-a001-e9a7c1d042b1', datacenter: 'dc1', pool: 'default' },
        verdict: { cause: 'purged', confidence: 'inferred', detail: 'missing in two lists' },
        change: { from: 'down', to: null, eligibilityFrom: 'eligible', eligibility: null },
        links: { accessor: null },
      },
    },
  },
})
