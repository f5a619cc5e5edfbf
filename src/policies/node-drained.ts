import { definePolicy } from '../schema/policy.ts'

/** A drain has ended: what had to move is elsewhere or waits, and the report says which. */
export default definePolicy({
  on: ['nomad/node/drain_done'],
  require: { layerBelow: 'settled' },
  key: ['subject.node', 'subject.nodeId'],
  act: { do: 'report' },
  says: 'the drain of {subject.node} has ended ({verdict.cause}): {verdict.detail}',
  otherwise: 'See that everything that ran on {subject.node} is placed; make the node eligible again when its work is done.',
  never: ['Makes the node eligible again.', 'Takes what a person moved for a failure.'],
})
