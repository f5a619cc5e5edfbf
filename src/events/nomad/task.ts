import { defineEvent, type Integer } from '../../schema/index.ts'

/** One task of an allocation that ended badly, by the record of Nomad's client. */
export interface NomadTask {
  verb: 'oom' | 'failed' | 'gave_up'
  subject: {
    /** Nomad namespace of the job. */
    namespace: string
    /** Id of the job. */
    job: string
    /** Task group of the job. */
    group: string
    /** Name of the task. */
    task: string
    /** Full id of its allocation. */
    alloc: string
    /** Name of the node that it runs on. */
    node: string
  }
  verdict: {
    /**
     * Why. `oom`: its memory was full. `exit`: it ended with a code other than 0. `killed`: SIGKILL that Nomad did not send; the kernel's own
     * fact about this allocation, if there is one, says whether memory was the reason. `signal`: another signal that Nomad did not send.
     * `driver`: the driver could not start it or lost it. `setup`: it could not be set up: validation, task directory, hook, template or
     * artifact. `disk`: it filled its disk. `policy`: its restart policy allows no more restarts. `unknown`: Nomad does not say.
     */
    cause: 'oom' | 'exit' | 'killed' | 'signal' | 'driver' | 'setup' | 'disk' | 'policy' | 'unknown'
    /**
     * `driver`: the task driver reports it and the exit fits. `suspected`: the driver reports it although the exit code does not fit, as
     * docker does after a child was killed earlier. `proved`: Nomad's record says so by itself. What `raw_exec` and `qemu` run never has a
     * report about memory: for them the fact of the kernel is the only one.
     */
    confidence: 'driver' | 'suspected' | 'proved'
    /** Exit code; null where the task never ran. */
    exitCode: Integer | null
    /** Signal that ended it, 0 for none; null where the task never ran. */
    signal: Integer | null
    /** Nomad's own words; empty where it has none. */
    detail: string
    /** Whether Nomad starts it again in place; null where its record does not say yet. */
    willRestart: boolean | null
  }
  change: {
    /** State of the task after: `pending`, `running` or `dead`. */
    to: string
    /** Restarts in place of this task so far. */
    restarts: Integer
  }
  links: {
    /** Evaluation that placed its allocation. */
    eval: string | null
    /** Id of its node. */
    nodeId: string
  }
}

declare module '../../schema/index.ts' {
  interface Events {
    'nomad/task': NomadTask
  }
}

export default defineEvent<NomadTask>({
  tag: 'eos/nomad/task/{verb}/{subject.job}/{subject.group}/{subject.task}',
  verbs: {
    oom: {
      severity: 'critical',
      raised: 'A task ended and its driver says that it ran out of memory. A stop by Nomad or a plain `kill -9` never counts as one.',
      says: 'task {subject.task} of {subject.job}/{subject.group} on {subject.node} ran out of memory ({verdict.confidence}), exit code {verdict.exitCode}, restarts so far: {change.restarts}',
      advice: 'Raise `memory` or `memory_max` of task {subject.task}, or find what fills it. The event `kernel/oom` of the same allocation says whose limit it was and how much was used.',
      id: 'task:{subject.alloc}:{subject.task}:oom:{mark}',
      example: {
        subject: { namespace: 'default', job: 'web', group: 'api', task: 'srv', alloc: '5b9c5dd2-1c80-4b0a-9c3e-0a3d4f2f6a11', node: 'n2' },
        verdict: { cause: 'oom', confidence: 'driver', exitCode: 137, signal: 0, detail: 'OOM Killed', willRestart: true },
        change: { to: 'pending', restarts: 1 },
        links: { eval: 'e9a7c1d0-42b1-0f3c-6d5f-9a1be3a6a001', nodeId: '0f3c6d5f-9a1b-e3a6-a001-e9a7c1d042b1' },
      },
    },
    failed: {
      severity: 'warning',
      raised: 'A task ended badly by itself, or could not be started. A stop that Nomad asked for is none.',
      says: 'task {subject.task} of {subject.job}/{subject.group} on {subject.node} failed: {verdict.cause}, exit code {verdict.exitCode}, signal {verdict.signal}: {verdict.detail}',
      advice: '`nomad alloc logs -stderr -namespace={subject.namespace} {subject.alloc} {subject.task}` shows what it said last. With cause `driver` or `setup` it never ran: look at image, artifact, template or volume.',
      id: 'task:{subject.alloc}:{subject.task}:failed:{mark}',
      example: {
        subject: { namespace: 'default', job: 'web', group: 'api', task: 'srv', alloc: '5b9c5dd2-1c80-4b0a-9c3e-0a3d4f2f6a11', node: 'n2' },
        verdict: { cause: 'exit', confidence: 'proved', exitCode: 3, signal: 0, detail: 'Exit Code: 3', willRestart: true },
        change: { to: 'pending', restarts: 1 },
        links: { eval: 'e9a7c1d0-42b1-0f3c-6d5f-9a1be3a6a001', nodeId: '0f3c6d5f-9a1b-e3a6-a001-e9a7c1d042b1' },
      },
    },
    gave_up: {
      severity: 'warning',
      raised: 'The client does not restart a task any more: its policy is used up, or the failure cannot be mended by a restart.',
      says: 'task {subject.task} of {subject.job}/{subject.group} on {subject.node} is not restarted any more, restarts so far: {change.restarts}: {verdict.detail}',
      advice: 'Nomad does not restart it in place any more; see whether `nomad/alloc rescheduled` follows. When the reason is repaired and nothing runs, `nomad job eval -force-reschedule -namespace={subject.namespace} {subject.job}` starts it again.',
      id: 'task:{subject.alloc}:{subject.task}:gave_up:{mark}',
      example: {
        subject: { namespace: 'default', job: 'web', group: 'api', task: 'srv', alloc: '5b9c5dd2-1c80-4b0a-9c3e-0a3d4f2f6a11', node: 'n2' },
        verdict: { cause: 'policy', confidence: 'proved', exitCode: 3, signal: 0, detail: 'Exceeded allowed attempts 2 in interval 30m0s and mode is "fail"', willRestart: false },
        change: { to: 'dead', restarts: 2 },
        links: { eval: 'e9a7c1d0-42b1-0f3c-6d5f-9a1be3a6a001', nodeId: '0f3c6d5f-9a1b-e3a6-a001-e9a7c1d042b1' },
      },
    },
  },
})
