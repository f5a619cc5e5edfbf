import { definePolicy } from '../schema/policy.ts'

/** A leaf that the kernel killed for its memory is restarted by Nomad; it is only watched. */
export default definePolicy({
  on: ['kernel/oom/killed', 'kernel/oom/group_killed'],
  require: { attributed: true, class: ['leaf', 'batch'] },
  key: ['links.namespace', 'subject.job', 'subject.group'],
  act: { do: 'watch' },
  says: '{subject.job}/{subject.group} was killed for memory ({verdict.cause}) on {subject.minion}, task {subject.task}; Nomad restarts it as its restart policy allows',
  otherwise: 'Nothing is asked yet: when it happens again, a new size is proposed.',
  never: ['Restarts the task: Nomad does.', 'Changes its memory.', 'Counts a kill whose victim is not known.'],
})
