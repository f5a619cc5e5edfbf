import { definePolicy } from '../schema/policy.ts'

/** When memory took a core service, what is seen of the stack is not to be trusted: nothing heals until it stands again. */
export default definePolicy({
  on: ['kernel/oom/killed', 'kernel/oom/group_killed', 'kernel/oomd/killed'],
  require: { attributed: true, class: ['core'] },
  key: ['subject.minion', 'subject.unit'],
  act: { do: 'freeze', for: '15m' },
  says: 'core service {subject.unit} on {subject.minion} was killed for memory; what is seen of what depends on it is not to be trusted',
  otherwise: 'Look at {subject.unit} on {subject.minion}, at who took its memory, and at what depends on it; thaw when all of these are well.',
  never: ['Restarts the service: systemd does.', 'Judges a fault of what depends on it before the freeze is over.', 'Stays frozen for ever: the freeze ends by itself, or with `eos.thaw`.'],
})
