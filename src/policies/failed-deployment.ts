import { definePolicy } from '../schema/policy.ts'

/** A version that failed its deployment is not tried again: its specification is held until a person changes it. */
export default definePolicy({
  on: ['nomad/deployment/failed', 'nomad/deployment/reverted'],
  require: {},
  key: ['subject.namespace', 'subject.job', 'change.version'],
  act: { do: 'hold' },
  limits: { attempts: 1 },
  says: 'version {change.version} of {subject.job} failed its deployment ({verdict.cause}): {verdict.detail}',
  otherwise: 'Look why the allocations of version {change.version} did not become healthy; change the specification, or release it if the cause lay elsewhere.',
  never: ['Reverts a job: Nomad does, where the job says so.', 'Applies the held specification again.', 'Holds another version of the job.'],
})
