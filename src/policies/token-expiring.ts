import { definePolicy } from '../schema/policy.ts'

/** A token near its end, or refused already, blinds or stops the component that uses it. */
export default definePolicy({
  on: ['host/token/expiring'],
  require: {},
  key: ['subject.minion', 'subject.component', 'subject.path'],
  act: { do: 'alarm' },
  limits: { coolDown: '1d' },
  says: 'the token of {subject.component} for {subject.service} on {subject.minion} is {verdict.cause}; its end: {change.ends}',
  otherwise: 'Run `salt {subject.minion} state.apply eos.{subject.component}`: its state proves the token by using it, and makes another where it does not work.',
  never: ['Makes or revokes a token.', 'Shows one: only its accessor is told.'],
})
