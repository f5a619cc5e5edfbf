import { defineEvent, type Integer } from '../../schema/index.ts'

/** One allocation of Nomad: one copy of a task group on one node, from its placement to its end. */
export interface NomadAlloc {
  verb:
    | 'placed'
    | 'started'
    | 'failed'
    | 'restarted'
    | 'rescheduled'
    | 'reschedule_delayed'
    | 'migrated'
    | 'lost'
    | 'disconnected'
    | 'reconnected'
    | 'preempted'
    | 'stopped'
    | 'timed_out'
  subject: {
    /** Nomad namespace of the job. */
    namespace: string
    /** Id of the job. */
    job: string
    /** Task group of the job. */
    group: string
    /** Full id of the allocation; of the new one where one replaces another. */
    alloc: string
    /** Name of the node that it is placed on. */
    node: string
  }
  verdict: {
    /**
     * Why. `new`: nothing was there before it. `failure`: a task, or the allocation before it, failed. `drain`: its node is drained.
     * `operator`: a person or a program asked Nomad for it. `node_lost`: its node is down. `node_disconnected`: its node is away and may
     * come back. `node_returned`: that node came back. `update`: the job was changed and this copy replaced. `not_needed`: the job was
     * stopped or scaled down. `preemption`: a job of higher priority took its place. `completed`: its tasks ended well by themselves.
     * `policy`: the restart policy of the group. `unhealthy`: a health check asked for a restart. `backoff`: the reschedule policy waits.
     * `no_placement`: no node can take it. `purged`: the job was purged, so Nomad forgot it. `collected`: Nomad collected it before its end was
     * seen. `reverted`: the servers were restored. `unknown`: Nomad does not say.
     */
    cause:
      | 'new'
      | 'failure'
      | 'drain'
      | 'operator'
      | 'node_lost'
      | 'node_disconnected'
      | 'node_returned'
      | 'update'
      | 'not_needed'
      | 'preemption'
      | 'completed'
      | 'policy'
      | 'unhealthy'
      | 'backoff'
      | 'no_placement'
      | 'purged'
      | 'collected'
      | 'reverted'
      | 'unknown'
    /** `proved`: Nomad's own record says so. `inferred`: it follows from what was remembered, because Nomad tells nothing. */
    confidence: 'proved' | 'inferred'
    /** Nomad's own words; empty where it has none. */
    detail: string
    /** Task that decided it; null where the whole allocation did. */
    task: string | null
    /** Exit code of that task; null where none ended. */
    exitCode: Integer | null
    /** Signal that ended it; null where none did. */
    signal: Integer | null
    /** Restarts in place of all its tasks so far. */
    restarts: Integer
  }
  change: {
    /** Client status before: `pending`, `running`, `unknown`, …; null when it was not known. */
    from: string | null
    /** Client status after; null when Nomad has forgotten it. */
    to: string | null
    /** What Nomad wants of it now: `run`, `stop` or `evict`. */
    desired: string
    /** Version of the job that it runs; null where the list does not say. */
    version: Integer | null
    /** RFC 3339 time before which nothing happens, for a delayed reschedule; null otherwise. */
    until: string | null
  }
  links: {
    /** Allocation that it replaces. */
    previousAlloc: string | null
    /** Allocation that replaces it, or that took its place. */
    nextAlloc: string | null
    /** Evaluation that placed it, or that waits to replace it. */
    eval: string | null
    /** Deployment that it belongs to. */
    deployment: string | null
    /** Id of its node. */
    nodeId: string
  }
}

declare module '../../schema/index.ts' {
  interface Events {
    'nomad/alloc': NomadAlloc
  }
}

export default defineEvent<NomadAlloc>({
  tag: 'eos/nomad/alloc/{verb}/{subject.job}/{subject.group}',
  verbs: {
    placed: {
      severity: 'info',
      raised: 'An allocation is there that was not known; the cause says whether it is new or what it replaces.',
      says: '{subject.job}/{subject.group} is placed on {subject.node}: {verdict.cause} (allocation {subject.alloc})',
      id: 'alloc:{subject.alloc}:placed',
      example: {
        subject: { namespace: 'default', job: 'web', group: 'api', alloc: '5b9c5dd2-1c80-4b0a-9c3e-0a3d4f2f6a11', node: 'n2' },
        verdict: { cause: 'new', confidence: 'proved', detail: '', task: null, exitCode: null, signal: null, restarts: 0 },
        change: { from: null, to: 'pending', desired: 'run', version: 3, until: null },
        links: { previousAlloc: null, nextAlloc: null, eval: 'e9a7c1d0-42b1-0f3c-6d5f-9a1be3a6a001', deployment: null, nodeId: '0f3c6d5f-9a1b-e3a6-a001-e9a7c1d042b1' },
      },
    },
    started: {
      severity: 'info',
      raised: 'The client status of an allocation turns to `running` for the first time.',
      says: '{subject.job}/{subject.group} runs on {subject.node} (allocation {subject.alloc})',
      id: 'alloc:{subject.alloc}:started',
      example: {
        subject: { namespace: 'default', job: 'web', group: 'api', alloc: '5b9c5dd2-1c80-4b0a-9c3e-0a3d4f2f6a11', node: 'n2' },
        verdict: { cause: 'new', confidence: 'proved', detail: '', task: null, exitCode: null, signal: null, restarts: 0 },
        change: { from: 'pending', to: 'running', desired: 'run', version: 3, until: null },
        links: { previousAlloc: null, nextAlloc: null, eval: 'e9a7c1d0-42b1-0f3c-6d5f-9a1be3a6a001', deployment: null, nodeId: '0f3c6d5f-9a1b-e3a6-a001-e9a7c1d042b1' },
      },
    },
    failed: {
      severity: 'warning',
      raised: 'The client status of an allocation turns to `failed`: restarts in place are used up, or were never allowed. Its replacement is `rescheduled`.',
      says: '{subject.job}/{subject.group} failed on {subject.node}: task {verdict.task}, exit code {verdict.exitCode}, {verdict.detail}',
      advice: '`nomad alloc status -namespace={subject.namespace} {subject.alloc}` shows what its tasks went through, `nomad alloc logs -stderr` what they said last. Nomad replaces it as far as the reschedule policy of the group allows: then `rescheduled` follows.',
      id: 'alloc:{subject.alloc}:failed',
      example: {
        subject: { namespace: 'default', job: 'web', group: 'api', alloc: '5b9c5dd2-1c80-4b0a-9c3e-0a3d4f2f6a11', node: 'n2' },
        verdict: { cause: 'failure', confidence: 'proved', detail: 'Failed tasks', task: 'srv', exitCode: 3, signal: 0, restarts: 2 },
        change: { from: 'running', to: 'failed', desired: 'run', version: 3, until: null },
        links: { previousAlloc: null, nextAlloc: null, eval: 'e9a7c1d0-42b1-0f3c-6d5f-9a1be3a6a001', deployment: null, nodeId: '0f3c6d5f-9a1b-e3a6-a001-e9a7c1d042b1' },
      },
    },
    restarted: {
      severity: 'notice',
      raised: 'The counter of restarts of a task grew: it was restarted in place. Several between two reports of the client are one fact, `coalesced` says how many more.',
      says: 'task {verdict.task} of {subject.job}/{subject.group} restarted in place on {subject.node} ({verdict.cause}), restart number {verdict.restarts}: {verdict.detail}',
      id: 'alloc:{subject.alloc}:restarted:{verdict.task}:{mark}',
      example: {
        subject: { namespace: 'default', job: 'web', group: 'api', alloc: '5b9c5dd2-1c80-4b0a-9c3e-0a3d4f2f6a11', node: 'n2' },
        verdict: { cause: 'policy', confidence: 'proved', detail: 'Restart within policy', task: 'srv', exitCode: 1, signal: 0, restarts: 1 },
        change: { from: 'running', to: 'pending', desired: 'run', version: 3, until: null },
        links: { previousAlloc: null, nextAlloc: null, eval: 'e9a7c1d0-42b1-0f3c-6d5f-9a1be3a6a001', deployment: null, nodeId: '0f3c6d5f-9a1b-e3a6-a001-e9a7c1d042b1' },
      },
    },
    rescheduled: {
      severity: 'warning',
      raised: 'An allocation replaces one that failed, by its reschedule tracker, or one whose node is lost or disconnected. The subject is the new one.',
      says: '{subject.job}/{subject.group} is rescheduled to {subject.node}: {verdict.cause} (allocation {subject.alloc} after {links.previousAlloc})',
      advice: 'The new copy is Nomad\'s work; look why the one before it failed: `nomad alloc status -namespace={subject.namespace} {links.previousAlloc}`. The same image and settings often fail again.',
      id: 'alloc:{subject.alloc}:rescheduled',
      example: {
        subject: { namespace: 'default', job: 'web', group: 'api', alloc: '77c1e2aa-0b5d-6f1e-2d34-1c9d5a7e8f10', node: 'n1' },
        verdict: { cause: 'failure', confidence: 'proved', detail: 'alloc was rescheduled because it failed', task: null, exitCode: null, signal: null, restarts: 0 },
        change: { from: null, to: 'pending', desired: 'run', version: 3, until: null },
        links: { previousAlloc: '5b9c5dd2-1c80-4b0a-9c3e-0a3d4f2f6a11', nextAlloc: null, eval: 'e9a7c1d0-42b1-0f3c-6d5f-9a1be3a6a001', deployment: null, nodeId: '6d5f9a1b-e3a6-a001-e9a7-c1d042b10f3c' },
      },
    },
    reschedule_delayed: {
      severity: 'notice',
      raised: 'A failed allocation waits to be replaced: its reschedule policy delays it, or no node can take it.',
      says: '{subject.job}/{subject.group} waits to be rescheduled until {change.until}: {verdict.cause}',
      id: 'alloc:{subject.alloc}:reschedule_delayed:{mark}',
      example: {
        subject: { namespace: 'default', job: 'web', group: 'api', alloc: '5b9c5dd2-1c80-4b0a-9c3e-0a3d4f2f6a11', node: 'n2' },
        verdict: { cause: 'backoff', confidence: 'proved', detail: 'created for delayed rescheduling', task: null, exitCode: null, signal: null, restarts: 0 },
        change: { from: 'failed', to: 'failed', desired: 'run', version: 3, until: '2026-11-20T09:11:41Z' },
        links: { previousAlloc: null, nextAlloc: null, eval: 'b7d2f0e4-11aa-4c5d-8e9f-00112233aabb', deployment: null, nodeId: '0f3c6d5f-9a1b-e3a6-a001-e9a7c1d042b1' },
      },
    },
    migrated: {
      severity: 'notice',
      raised: 'An allocation replaces one that was moved away on purpose: its node is drained, or somebody stopped that one allocation.',
      says: '{subject.job}/{subject.group} moves to {subject.node}: {verdict.cause} (allocation {subject.alloc} after {links.previousAlloc})',
      id: 'alloc:{subject.alloc}:migrated',
      example: {
        subject: { namespace: 'default', job: 'web', group: 'api', alloc: '77c1e2aa-0b5d-6f1e-2d34-1c9d5a7e8f10', node: 'n1' },
        verdict: { cause: 'drain', confidence: 'proved', detail: 'alloc is being migrated', task: null, exitCode: null, signal: null, restarts: 0 },
        change: { from: null, to: 'pending', desired: 'run', version: 3, until: null },
        links: { previousAlloc: '5b9c5dd2-1c80-4b0a-9c3e-0a3d4f2f6a11', nextAlloc: null, eval: 'e9a7c1d0-42b1-0f3c-6d5f-9a1be3a6a001', deployment: null, nodeId: '6d5f9a1b-e3a6-a001-e9a7-c1d042b10f3c' },
      },
    },
    lost: {
      severity: 'critical',
      raised: 'The client status of an allocation turns to `lost`, because its node is down.',
      says: '{subject.job}/{subject.group} is lost with {subject.node}: {verdict.detail}',
      advice: 'Look after node {subject.node}. Nomad replaces the allocation elsewhere unless the group forbids it; when `nomad/eval blocked` follows, there is no room for it.',
      id: 'alloc:{subject.alloc}:lost',
      example: {
        subject: { namespace: 'default', job: 'web', group: 'api', alloc: '5b9c5dd2-1c80-4b0a-9c3e-0a3d4f2f6a11', node: 'n2' },
        verdict: { cause: 'node_lost', confidence: 'proved', detail: 'alloc is lost since its node is down', task: null, exitCode: null, signal: null, restarts: 0 },
        change: { from: 'running', to: 'lost', desired: 'stop', version: 3, until: null },
        links: { previousAlloc: null, nextAlloc: '77c1e2aa-0b5d-6f1e-2d34-1c9d5a7e8f10', eval: null, deployment: null, nodeId: '0f3c6d5f-9a1b-e3a6-a001-e9a7c1d042b1' },
      },
    },
    disconnected: {
      severity: 'warning',
      raised: 'The client status of an allocation turns to `unknown`: its node is away and the group allows it to come back.',
      says: '{subject.job}/{subject.group} on {subject.node} is out of reach: {verdict.detail}',
      advice: 'Look at the network and the Nomad agent of {subject.node}; the tasks may well run on there. Nomad waits for `lost_after` of the group, then replaces the allocation.',
      id: 'alloc:{subject.alloc}:disconnected:{mark}',
      example: {
        subject: { namespace: 'default', job: 'web', group: 'api', alloc: '5b9c5dd2-1c80-4b0a-9c3e-0a3d4f2f6a11', node: 'n2' },
        verdict: { cause: 'node_disconnected', confidence: 'proved', detail: 'alloc is unknown since its node is disconnected', task: null, exitCode: null, signal: null, restarts: 0 },
        change: { from: 'running', to: 'unknown', desired: 'run', version: 3, until: null },
        links: { previousAlloc: null, nextAlloc: '77c1e2aa-0b5d-6f1e-2d34-1c9d5a7e8f10', eval: null, deployment: null, nodeId: '0f3c6d5f-9a1b-e3a6-a001-e9a7c1d042b1' },
      },
    },
    reconnected: {
      severity: 'notice',
      raised: 'An allocation that was `unknown` reports again: its node came back in time.',
      says: '{subject.job}/{subject.group} on {subject.node} is back, {change.to}',
      id: 'alloc:{subject.alloc}:reconnected:{mark}',
      example: {
        subject: { namespace: 'default', job: 'web', group: 'api', alloc: '5b9c5dd2-1c80-4b0a-9c3e-0a3d4f2f6a11', node: 'n2' },
        verdict: { cause: 'node_returned', confidence: 'proved', detail: '', task: null, exitCode: null, signal: null, restarts: 0 },
        change: { from: 'unknown', to: 'running', desired: 'run', version: 3, until: null },
        links: { previousAlloc: null, nextAlloc: null, eval: null, deployment: null, nodeId: '0f3c6d5f-9a1b-e3a6-a001-e9a7c1d042b1' },
      },
    },
    preempted: {
      severity: 'warning',
      raised: 'An allocation has to go because a job of higher priority takes its place.',
      says: '{subject.job}/{subject.group} on {subject.node} is preempted by allocation {links.nextAlloc}',
      advice: 'Something of higher priority took its place: `nomad alloc status -namespace={subject.namespace} {links.nextAlloc}` shows what. Add room, or correct the priorities, if this was not meant.',
      id: 'alloc:{subject.alloc}:preempted',
      example: {
        subject: { namespace: 'default', job: 'report', group: 'main', alloc: '5b9c5dd2-1c80-4b0a-9c3e-0a3d4f2f6a11', node: 'n2' },
        verdict: { cause: 'preemption', confidence: 'proved', detail: 'Preempted by alloc ID 77c1e2aa-0b5d-6f1e-2d34-1c9d5a7e8f10', task: null, exitCode: null, signal: null, restarts: 0 },
        change: { from: 'running', to: 'running', desired: 'evict', version: 3, until: null },
        links: { previousAlloc: null, nextAlloc: '77c1e2aa-0b5d-6f1e-2d34-1c9d5a7e8f10', eval: null, deployment: null, nodeId: '0f3c6d5f-9a1b-e3a6-a001-e9a7c1d042b1' },
      },
    },
    stopped: {
      severity: 'info',
      raised: 'An allocation ended without failure: its tasks completed, or Nomad stopped it. After a purge its end is inferred, without exit code.',
      says: '{subject.job}/{subject.group} on {subject.node} has stopped: {verdict.cause} ({verdict.confidence})',
      id: 'alloc:{subject.alloc}:stopped',
      example: {
        subject: { namespace: 'default', job: 'web', group: 'api', alloc: '5b9c5dd2-1c80-4b0a-9c3e-0a3d4f2f6a11', node: 'n2' },
        verdict: { cause: 'purged', confidence: 'inferred', detail: 'job purged; Nomad forgot its allocations', task: null, exitCode: null, signal: null, restarts: 0 },
        change: { from: 'running', to: null, desired: 'stop', version: 3, until: null },
        links: { previousAlloc: null, nextAlloc: null, eval: null, deployment: null, nodeId: '0f3c6d5f-9a1b-e3a6-a001-e9a7c1d042b1' },
      },
    },
    timed_out: {
      severity: 'critical',
      raised: 'A disconnected allocation did not come back within `lost_after` of its group, so Nomad counts it as lost.',
      says: '{subject.job}/{subject.group} on {subject.node} did not come back in time and counts as lost: {verdict.cause}, {verdict.detail}',
      advice: 'Bring {subject.node} back, or drain it for good; until then the other nodes carry its work. If it comes back, Nomad stops one of the two copies as `reconcile` of the group says.',
      id: 'alloc:{subject.alloc}:timed_out',
      example: {
        subject: { namespace: 'default', job: 'web', group: 'api', alloc: '5b9c5dd2-1c80-4b0a-9c3e-0a3d4f2f6a11', node: 'n2' },
        verdict: { cause: 'node_disconnected', confidence: 'proved', detail: 'alloc is lost since its node is down', task: null, exitCode: null, signal: null, restarts: 0 },
        change: { from: 'unknown', to: 'lost', desired: 'stop', version: 3, until: null },
        links: { previousAlloc: null, nextAlloc: '77c1e2aa-0b5d-6f1e-2d34-1c9d5a7e8f10', eval: null, deployment: null, nodeId: '0f3c6d5f-9a1b-e3a6-a001-e9a7c1d042b1' },
      },
    },
  },
})
