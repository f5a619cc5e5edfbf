import { definePolicy } from '../schema/policy.ts'

/** A node is out of reach and may come back: its tasks may well run on, so nothing is done about them. */
export default definePolicy({
  on: ['nomad/node/disconnected'],
  require: {},
  key: ['subject.node', 'subject.nodeId'],
  act: { do: 'report' },
  says: '{subject.node} is out of reach ({verdict.cause}): {verdict.detail}; its tasks may still run',
  otherwise: 'Look at the network between {subject.node} and the Nomad servers; wait as long as the groups on it allow.',
  never: ['Takes its allocations for dead.', 'Removes their registrations.', 'Starts a second copy: Nomad decides that when the time of the group is over.'],
})
