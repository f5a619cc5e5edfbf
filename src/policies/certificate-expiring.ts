import { definePolicy } from '../schema/policy.ts'

/** A certificate near its end is renewed by a person’s word: the CA signs nothing by itself. */
export default definePolicy({
  on: ['host/certificate/expiring'],
  require: {},
  key: ['subject.minion', 'subject.component', 'subject.path'],
  act: { do: 'alarm' },
  limits: { coolDown: '1d' },
  says: 'the certificate of {subject.component} on {subject.minion} ends at {change.ends} ({verdict.cause}, {verdict.left} % of its lifetime left)',
  otherwise: 'Run `salt-run eos.issue`, then `salt {subject.minion} state.apply eos.{subject.component}`: the first makes a new certificate for the key of that host, the second installs it.',
  never: ['Lets the CA sign without a person.', 'Makes or moves a key.', 'Restarts a component for a certificate that still holds.'],
})
