import { definePolicy } from '../schema/policy.ts'

/** Systemd has given a component’s unit up, or starts it in vain: what its state puts right may be what keeps it down. */
export default definePolicy({
  on: ['host/unit/failed'],
  require: {},
  key: ['subject.minion', 'subject.component', 'subject.unit'],
  act: { do: 'apply', component: { leaf: 'subject.component' } },
  says: 'unit {subject.unit} of {subject.component} failed on {subject.minion} ({verdict.cause}, {verdict.result})',
  otherwise: 'Read `journalctl -u {subject.unit}` on {subject.minion}, then run `salt {subject.minion} state.apply eos.{subject.component}` and look at its gate.',
  never: ['Starts a unit that somebody stopped.', 'Acts on a failure after which systemd brought the unit up again.', 'Acts on a unit that is no component’s.', 'Applies more than that component, or on another node.'],
})
