import { definePolicy } from '../schema/policy.ts'

/** When memory took a core service, the gates of every core service that stands on it are asked at once, also while all is frozen: a person reads how they are, and what to look at first. */
export default definePolicy({
  on: ['kernel/oom/killed', 'kernel/oom/group_killed', 'kernel/oomd/killed'],
  require: { attributed: true, class: ['core'] },
  key: ['subject.minion', 'subject.unit'],
  act: { do: 'report' },
  says: 'core service {subject.unit} on {subject.minion} was killed for memory; it and the core services that depend on it, by their gates',
  otherwise: 'Look first at what has not passed, on the node that is named; what is unknown is on a node that did not answer. Thaw when all have passed.',
  never: ['Restarts or changes what depends on it.', 'Waits with the freeze for these answers.', 'Thaws because all is well.'],
})
