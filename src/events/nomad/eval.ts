import { defineEvent, type Integer } from '../../schema/index.ts'

/** The placement of one task group, as Nomad's evaluations tell it. */
export interface NomadEval {
  verb: 'blocked' | 'unblocked' | 'failed'
  subject: {
    /** Nomad namespace of the job. */
    namespace: string
    /** Id of the job. */
    job: string
    /** Task group that cannot be placed; empty where the whole evaluation failed. */
    group: string
  }
  verdict: {
    /**
     * Why. `capacity`: nodes fit, but memory, processor, disk, ports or devices are used up. `constraint`: no node meets the constraints.
     * `no_nodes`: there is no node in its datacenters and pool. `quota`: the quota of its namespace is used up. `plan_attempts`: the servers
     * rejected its plan too often. `error`: the scheduler failed. `placed`: everything is placed now. `withdrawn`: the job was stopped,
     * purged or changed. `unknown`: Nomad does not say.
     */
    cause: 'capacity' | 'constraint' | 'no_nodes' | 'quota' | 'plan_attempts' | 'error' | 'placed' | 'withdrawn' | 'unknown'
    /** What is used up or filters nodes, such as `memory: 3`; Nomad's own words where it has no numbers. */
    detail: string
  }
  change: {
    /** Allocations that could not be placed; 0 when all are. */
    queued: Integer
    /** Nodes that were looked at. */
    evaluated: Integer
    /** Nodes that a constraint ruled out. */
    filtered: Integer
    /** Nodes that had too little left. */
    exhausted: Integer
    /** Quiet time in seconds after which a blocked group counts as settled; null where none applies. */
    quiet: Integer | null
  }
  links: {
    /** Evaluation that is blocked, was blocked or failed. */
    eval: string
    /** Deployment that it belongs to. */
    deployment: string | null
  }
}

declare module '../../schema/index.ts' {
  interface Events {
    'nomad/eval': NomadEval
  }
}

export default defineEvent<NomadEval>({
  tag: 'eos/nomad/eval/{verb}/{subject.job}/{subject.group}',
  verbs: {
    blocked: {
      severity: 'warning',
      raised: 'A group of a job cannot be placed. At once with `settled: false`; with `settled: true` when it is still so after the quiet time. Once per group, however often Nomad writes the evaluation anew.',
      says: '{subject.job}/{subject.group} cannot be placed, waiting: {change.queued}: {verdict.cause}, {verdict.detail}',
      advice: '`nomad job status -namespace={subject.namespace} {subject.job}` says which resource or constraint is in the way. Free or add capacity, or correct the constraint: Nomad then places what waits by itself.',
      id: 'eval:{subject.namespace}/{subject.job}/{subject.group}:blocked:{mark}',
      settle: '30s',
      example: {
        subject: { namespace: 'default', job: 'web', group: 'api' },
        verdict: { cause: 'capacity', detail: 'memory: 3' },
        change: { queued: 2, evaluated: 3, filtered: 0, exhausted: 3, quiet: 30 },
        links: { eval: 'b7d2f0e4-11aa-4c5d-8e9f-00112233aabb', deployment: null },
      },
    },
    unblocked: {
      severity: 'notice',
      raised: 'A group that was blocked is placed, or nobody wants it any more; it takes back an unsettled `blocked`.',
      says: '{subject.job}/{subject.group} is no longer blocked: {verdict.cause}',
      id: 'eval:{subject.namespace}/{subject.job}/{subject.group}:unblocked:{mark}',
      example: {
        subject: { namespace: 'default', job: 'web', group: 'api' },
        verdict: { cause: 'placed', detail: '' },
        change: { queued: 0, evaluated: 0, filtered: 0, exhausted: 0, quiet: null },
        links: { eval: 'b7d2f0e4-11aa-4c5d-8e9f-00112233aabb', deployment: null },
      },
    },
    failed: {
      severity: 'critical',
      raised: 'An evaluation ended with status `failed`: the scheduler gave up, most often because its plans were rejected too often.',
      says: 'the evaluation of {subject.job} failed: {verdict.cause}, {verdict.detail}',
      advice: '`nomad eval status {links.eval}` says what the scheduler met. Submit the job again when that is repaired, or run `nomad job eval -namespace={subject.namespace} {subject.job}`.',
      id: 'eval:{links.eval}:failed',
      example: {
        subject: { namespace: 'default', job: 'web', group: '' },
        verdict: { cause: 'plan_attempts', detail: 'maximum attempts reached (5)' },
        change: { queued: 0, evaluated: 0, filtered: 0, exhausted: 0, quiet: null },
        links: { eval: 'e9a7c1d0-42b1-0f3c-6d5f-9a1be3a6a001', deployment: null },
      },
    },
  },
})
