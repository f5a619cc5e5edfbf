import { definePolicy } from '../schema/policy.ts'

/** Nomad has replaced an allocation: whether the new one is well is looked at, not taken for granted. */
export default definePolicy({
  on: ['nomad/alloc/rescheduled'],
  require: { layerBelow: 'settled' },
  key: ['subject.namespace', 'subject.job', 'subject.group', 'subject.alloc'],
  act: { do: 'watch' },
  says: '{subject.job}/{subject.group} was rescheduled to {subject.node} ({verdict.cause}); allocation {subject.alloc} is watched until it is well',
  otherwise: 'Compare why {links.previousAlloc} ended with how {subject.alloc} does.',
  never: ['Moves an allocation: Nomad places.', 'Stops the one that was replaced.'],
})
