import { defineEvent, type Integer } from '../../schema/index.ts'

/** One job of Nomad: its specification, and who changed it. */
export interface NomadJob {
  verb: 'registered' | 'updated' | 'scaled' | 'stopped' | 'purged' | 'drifted'
  subject: {
    /** Nomad namespace of the job. */
    namespace: string
    /** Id of the job. */
    job: string
  }
  verdict: {
    /**
     * Why. `new`: it was not there before. `specification`: something other than counts was changed. `resubmitted`: the same specification was
     * submitted again. `counts`: only counts of groups were changed. `revert`: a failed
     * deployment went back to an older version. `restarted`: a stopped job runs again. `operator`: somebody stopped or purged it.
     * `missing`: it is missing in two lists, nothing else told of its end. `accessor`: somebody changed it who is not on the list of expected
     * accessors. `dispatched`: it is a child of a parameterised or periodic job. `reverted`: the servers were restored.
     */
    cause:
      | 'new'
      | 'specification'
      | 'resubmitted'
      | 'counts'
      | 'revert'
      | 'restarted'
      | 'operator'
      | 'missing'
      | 'accessor'
      | 'dispatched'
      | 'reverted'
    /** `proved`: Nomad's own record says so. `inferred`: it follows from lists. */
    confidence: 'proved' | 'inferred'
    /** What changed, in words. */
    detail: string
  }
  change: {
    /** Version before; null when it was not known. */
    from: Integer | null
    /** Version after; null when it is gone. */
    to: Integer | null
    /** `JobModifyIndex` after: Terraform’s `modify_index` of the same job. */
    index: Integer
    /** Groups whose count changed, such as `api: 1 -> 3`. */
    counts: string[]
  }
  links: {
    /** Accessor of the ACL token that registered this version; null without ACLs, with a workload identity, and after a stop or purge, which Nomad tells nobody of. */
    accessor: string | null
    /** Parameterised or periodic job whose child it is. */
    parent: string | null
  }
}

declare module '../../schema/index.ts' {
  interface Events {
    'nomad/job': NomadJob
  }
}

export default defineEvent<NomadJob>({
  tag: 'eos/nomad/job/{verb}/{subject.job}',
  verbs: {
    registered: {
      severity: 'info',
      raised: 'A job is there that was not known.',
      says: '{subject.job} is registered: {verdict.cause} (accessor {links.accessor})',
      id: 'job:{subject.namespace}/{subject.job}:registered:{mark}',
      example: {
        subject: { namespace: 'default', job: 'web' },
        verdict: { cause: 'new', confidence: 'proved', detail: '' },
        change: { from: null, to: 0, index: 640, counts: [] },
        links: { accessor: '4d1f2a90-77aa-4c11-b0de-2f5a7c9e1d00', parent: null },
      },
    },
    updated: {
      severity: 'notice',
      raised: 'The specification of a job was changed, or a stopped job runs again. A change of its status alone is none.',
      says: '{subject.job} was updated from version {change.from} to {change.to}: {verdict.cause} (accessor {links.accessor})',
      id: 'job:{subject.namespace}/{subject.job}:updated:{mark}',
      example: {
        subject: { namespace: 'default', job: 'web' },
        verdict: { cause: 'specification', confidence: 'proved', detail: '' },
        change: { from: 6, to: 7, index: 640, counts: [] },
        links: { accessor: '4d1f2a90-77aa-4c11-b0de-2f5a7c9e1d00', parent: null },
      },
    },
    scaled: {
      severity: 'notice',
      raised: 'Only counts of groups were changed.',
      says: '{subject.job} was scaled: {change.counts} ({verdict.cause}, accessor {links.accessor})',
      id: 'job:{subject.namespace}/{subject.job}:scaled:{mark}',
      example: {
        subject: { namespace: 'default', job: 'web' },
        verdict: { cause: 'counts', confidence: 'proved', detail: '' },
        change: { from: 6, to: 7, index: 640, counts: ['api: 1 -> 3'] },
        links: { accessor: '4d1f2a90-77aa-4c11-b0de-2f5a7c9e1d00', parent: null },
      },
    },
    stopped: {
      severity: 'warning',
      raised: 'A job was stopped and is kept.',
      says: '{subject.job} was stopped: {verdict.cause}',
      advice: 'If nobody meant to stop it, run it again from its source; Nomad does not say who stopped it.',
      id: 'job:{subject.namespace}/{subject.job}:stopped:{mark}',
      example: {
        subject: { namespace: 'default', job: 'web' },
        verdict: { cause: 'operator', confidence: 'proved', detail: '' },
        change: { from: 7, to: 8, index: 640, counts: [] },
        links: { accessor: null, parent: null },
      },
    },
    purged: {
      severity: 'warning',
      raised: 'A job was removed while it was not dead, or by hand; the collection of a dead job is silent.',
      says: '{subject.job} was purged: {verdict.cause} ({verdict.confidence})',
      advice: 'If nobody meant to remove it, run it again from its source: Nomad has no version of it any more.',
      id: 'job:{subject.namespace}/{subject.job}:purged:{mark}',
      example: {
        subject: { namespace: 'default', job: 'web' },
        verdict: { cause: 'operator', confidence: 'proved', detail: '' },
        change: { from: 7, to: null, index: 640, counts: [] },
        links: { accessor: null, parent: null },
      },
    },
    drifted: {
      severity: 'warning',
      raised: 'A specification was changed by an accessor that is not among the expected ones; told beside `registered`, `updated` or `scaled`. Children of parameterised and periodic jobs, and reverts, are exempt; a count that was changed through the scaling API keeps the accessor of the version before. Without a list of accessors it is never told.',
      says: '{subject.job} was changed by {links.accessor}, who is not expected to (version {change.to}, modify index {change.index})',
      advice: '`nomad job history -p -namespace={subject.namespace} {subject.job}` shows what was changed. Take it over into the source, or apply the source again; if {links.accessor} may do this, add it to `accessors` of the sidecar.',
      id: 'job:{subject.namespace}/{subject.job}:drifted:{mark}',
      example: {
        subject: { namespace: 'default', job: 'web' },
        verdict: { cause: 'accessor', confidence: 'proved', detail: 'specification' },
        change: { from: 6, to: 7, index: 640, counts: [] },
        links: { accessor: '4d1f2a90-77aa-4c11-b0de-2f5a7c9e1d00', parent: null },
      },
    },
  },
})
