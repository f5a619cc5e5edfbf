import { definePolicy } from '../schema/policy.ts'

/** An allocation failed and Nomad will not replace it any more: a person is told which group stands still, and why. */
export default definePolicy({
  on: ['nomad/alloc/failed'],
  require: { layerBelow: 'exhausted' },
  key: ['subject.namespace', 'subject.job', 'subject.group'],
  act: { do: 'report' },
  says: 'an allocation of {subject.job}/{subject.group} failed: {verdict.detail} (task {verdict.task}, exit code {verdict.exitCode})',
  otherwise: 'Mend what made {subject.job} fail, then apply it again; the same image and settings fail again.',
  never: ['Starts the job again with what has failed.', 'Changes its reschedule policy.'],
})
