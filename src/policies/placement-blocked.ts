import { definePolicy } from '../schema/policy.ts'

/** A group cannot be placed: a report of the capacity says what is missing, and where. */
export default definePolicy({
  on: ['nomad/eval/blocked'],
  require: {},
  key: ['subject.namespace', 'subject.job', 'subject.group'],
  act: { do: 'report' },
  says: '{subject.job}/{subject.group} finds no place ({verdict.cause}): of {change.evaluated} nodes {change.filtered} do not fit and {change.exhausted} are full; {verdict.detail}',
  otherwise: 'With cause capacity or quota make room or ask for less; with constraint or no_nodes correct what {subject.job} asks for.',
  never: ['Asks Nomad again: it does so itself as soon as there is room.', 'Stops or shrinks another job.', 'Reports before the block has settled.'],
})
