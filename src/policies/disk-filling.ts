import { definePolicy } from '../schema/policy.ts'

/** What is on a full disk is somebody’s: a person decides what goes. */
export default definePolicy({
  on: ['host/disk/filling'],
  require: {},
  key: ['subject.minion', 'subject.mount'],
  act: { do: 'alarm' },
  limits: { coolDown: '1h' },
  says: '{subject.mount} on {subject.minion} has {verdict.free} % of its bytes and {verdict.files} % of its files left ({verdict.cause}; seconds until it is full: {verdict.left}); {subject.components} keep their data there',
  otherwise: 'Look with `du -xsh {subject.mount}/*` on {subject.minion} at what grows; make room, or give it a larger disk.',
  never: ['Deletes a file, an image or an allocation.', 'Stops what writes.'],
})
