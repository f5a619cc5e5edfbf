import { definePolicy } from '../schema/policy.ts'

/** From a source that says nothing, nothing can be concluded: a person must know that healing is blind there. */
export default definePolicy({
  on: ['bridge/silent', 'bridge/down'],
  require: {},
  key: ['subject.source'],
  act: { do: 'alarm' },
  says: 'nothing is known from {subject.source} for {change.count} s ({verdict.cause}): {verdict.detail}',
  otherwise: 'Look at the servers behind {subject.source}, at its token, and at `salt-run eos.bridge`; until it is heard again, silence means nothing.',
  never: ['Takes silence for health, or for failure.', 'Acts on what was last seen of that source.'],
})
