import { definePolicy } from '../schema/policy.ts'

/** A node is down: Nomad moves what may move; what is bound to its disk waits for a person. */
export default definePolicy({
  on: ['nomad/node/down'],
  require: {},
  key: ['subject.node', 'subject.nodeId'],
  act: { do: 'report' },
  says: '{subject.node} is down ({verdict.cause}): {verdict.detail}; Nomad replaces what may run elsewhere',
  otherwise: 'Look after {subject.node}. What keeps its data on that node must not be started elsewhere until the node is proved off.',
  never: ['Restarts or fences a machine.', 'Starts elsewhere what is bound to the data of that node.', 'Removes the node from Nomad.'],
})
