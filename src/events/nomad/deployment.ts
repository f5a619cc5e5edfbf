import { defineEvent, type Integer } from '../../schema/index.ts'

/** One deployment of a job: the way from one version of it to the next. */
export interface NomadDeployment {
  verb: 'started' | 'succeeded' | 'failed' | 'reverted' | 'cancelled' | 'needs_promotion'
  subject: {
    /** Nomad namespace of the job. */
    namespace: string
    /** Id of the job. */
    job: string
    /** Full id of the deployment. */
    deployment: string
  }
  verdict: {
    /**
     * Why. `version`: the job has a new version. `healthy`: all allocations are healthy. `unhealthy`: allocations failed or did not become
     * healthy. `deadline`: there was no progress within the progress deadline. `operator`: somebody failed it by hand. `superseded`: a newer
     * version came first. `stopped`: the job was stopped. `canaries`: its canaries are healthy and wait for a person. `unknown`: Nomad does not say.
     */
    cause: 'version' | 'healthy' | 'unhealthy' | 'deadline' | 'operator' | 'superseded' | 'stopped' | 'canaries' | 'unknown'
    /** Nomad's own words. */
    detail: string
  }
  change: {
    /** Status after: `running`, `paused`, `successful`, `failed`, `cancelled`, … */
    status: string
    /** Version of the job that is deployed. */
    version: Integer
    /** Version that Nomad goes back to; null where it does not. */
    revertedTo: Integer | null
    /** Allocations of all groups that were placed. */
    placed: Integer
    /** Of them healthy. */
    healthy: Integer
    /** Of them unhealthy. */
    unhealthy: Integer
    /** Allocations that the job wants. */
    desired: Integer
  }
  links: {
    /** Id of the job, for those who follow links only. */
    job: string
  }
}

declare module '../../schema/index.ts' {
  interface Events {
    'nomad/deployment': NomadDeployment
  }
}

export default defineEvent<NomadDeployment>({
  tag: 'eos/nomad/deployment/{verb}/{subject.job}',
  verbs: {
    started: {
      severity: 'info',
      raised: 'A deployment is there that was not known, and it runs.',
      says: 'the deployment of {subject.job} version {change.version} has started',
      id: 'deploy:{subject.deployment}:started',
      example: {
        subject: { namespace: 'default', job: 'web', deployment: 'd1c80b0a-4b0a-9c3e-0a3d-4f2f6a115b9c' },
        verdict: { cause: 'version', detail: 'Deployment is running' },
        change: { status: 'running', version: 7, revertedTo: null, placed: 3, healthy: 2, unhealthy: 0, desired: 3 },
        links: { job: 'web' },
      },
    },
    succeeded: {
      severity: 'info',
      raised: 'The status of a deployment turns to `successful`.',
      says: 'the deployment of {subject.job} version {change.version} succeeded',
      id: 'deploy:{subject.deployment}:succeeded',
      example: {
        subject: { namespace: 'default', job: 'web', deployment: 'd1c80b0a-4b0a-9c3e-0a3d-4f2f6a115b9c' },
        verdict: { cause: 'healthy', detail: 'Deployment completed successfully' },
        change: { status: 'successful', version: 7, revertedTo: null, placed: 3, healthy: 2, unhealthy: 0, desired: 3 },
        links: { job: 'web' },
      },
    },
    failed: {
      severity: 'critical',
      raised: 'The status of a deployment turns to `failed`.',
      says: 'the deployment of {subject.job} version {change.version} failed: {verdict.cause}, {verdict.detail}',
      advice: '`nomad deployment status -namespace={subject.namespace} {subject.deployment}` shows the group and its unhealthy allocations, `nomad alloc status` of one of them the reason. Unless `reverted` follows, old and new copies may run side by side: correct the job and submit it again.',
      id: 'deploy:{subject.deployment}:failed',
      example: {
        subject: { namespace: 'default', job: 'web', deployment: 'd1c80b0a-4b0a-9c3e-0a3d-4f2f6a115b9c' },
        verdict: { cause: 'unhealthy', detail: 'Failed due to unhealthy allocations - rolling back to job version 6' },
        change: { status: 'failed', version: 7, revertedTo: 6, placed: 3, healthy: 2, unhealthy: 1, desired: 3 },
        links: { job: 'web' },
      },
    },
    reverted: {
      severity: 'critical',
      raised: 'A deployment failed, and Nomad goes back to an older version of the job by itself.',
      says: '{subject.job} goes back to version {change.revertedTo} after version {change.version} failed: {verdict.cause}, {verdict.detail}',
      advice: 'The new version is not out, an older one runs. Find the reason in the allocations of version {change.version}, correct the job and submit it again.',
      id: 'deploy:{subject.deployment}:reverted',
      example: {
        subject: { namespace: 'default', job: 'web', deployment: 'd1c80b0a-4b0a-9c3e-0a3d-4f2f6a115b9c' },
        verdict: { cause: 'unhealthy', detail: 'Failed due to unhealthy allocations - rolling back to job version 6' },
        change: { status: 'failed', version: 7, revertedTo: 6, placed: 3, healthy: 2, unhealthy: 1, desired: 3 },
        links: { job: 'web' },
      },
    },
    cancelled: {
      severity: 'notice',
      raised: 'The status of a deployment turns to `cancelled`: a newer version took its place, or the job was stopped.',
      says: 'the deployment of {subject.job} version {change.version} was cancelled: {verdict.cause}, {verdict.detail}',
      id: 'deploy:{subject.deployment}:cancelled',
      example: {
        subject: { namespace: 'default', job: 'web', deployment: 'd1c80b0a-4b0a-9c3e-0a3d-4f2f6a115b9c' },
        verdict: { cause: 'superseded', detail: 'Cancelled due to newer version of job' },
        change: { status: 'cancelled', version: 7, revertedTo: null, placed: 3, healthy: 2, unhealthy: 0, desired: 3 },
        links: { job: 'web' },
      },
    },
    needs_promotion: {
      severity: 'notice',
      raised: 'All canaries that a deployment wants are healthy, and it waits until somebody promotes them.',
      says: 'the deployment of {subject.job} version {change.version} waits for a person to promote its canaries',
      id: 'deploy:{subject.deployment}:needs_promotion',
      example: {
        subject: { namespace: 'default', job: 'web', deployment: 'd1c80b0a-4b0a-9c3e-0a3d-4f2f6a115b9c' },
        verdict: { cause: 'canaries', detail: 'Deployment is running but requires manual promotion' },
        change: { status: 'running', version: 7, revertedTo: null, placed: 3, healthy: 2, unhealthy: 0, desired: 3 },
        links: { job: 'web' },
      },
    },
  },
})
