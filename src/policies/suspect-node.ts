import { definePolicy } from '../schema/policy.ts'

/** Where different jobs fail one after the other, the node is the likelier cause than each of them. */
export default definePolicy({
  on: ['nomad/alloc/failed'],
  require: { repeated: { times: 3, within: '30m', distinct: 'subject.job' } },
  key: ['subject.node', 'links.nodeId'],
  act: { do: 'suspect', for: '2h' },
  limits: { attempts: 1, coolDown: '2h' },
  says: 'three different jobs failed on {subject.node} within half an hour, {subject.job} the last: the node is suspect',
  otherwise: 'Look at disk, memory, driver and network of {subject.node} before you look at the jobs; drain it if it is to blame.',
  never: ['Drains a node, or makes it ineligible.', 'Counts one job twice.', 'Moves an allocation.'],
})
