import { definePolicy } from '../schema/policy.ts'

/** The bridge itself is damaged: facts that it had acknowledged may be gone, and nobody will tell them again. */
export default definePolicy({
  on: ['bridge/alarm'],
  require: {},
  key: ['subject.source', 'verdict.cause'],
  act: { do: 'alarm' },
  says: 'the bridge raises an alarm about {subject.source} ({verdict.cause}): {verdict.detail}',
  otherwise: 'Look at `salt-run eos.bridge`; what was lost is told by nobody again, so compare what {subject.source} shows now with what you expect.',
  never: ['Takes what was lost for what did not happen.'],
})
