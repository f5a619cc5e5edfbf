import { definePolicy } from '../schema/policy.ts'

/** A job that outgrows its memory again and again gets a proposal, half as much again as its limit, not one more restart: that it wants more a kill tells, how much it does not. */
export default definePolicy({
  on: ['kernel/oom/killed', 'kernel/oom/group_killed'],
  match: { 'verdict.cause': 'own_limit' },
  require: { attributed: true, repeated: { times: 3, within: '1h' }, class: ['data', 'platform', 'leaf', 'batch'] },
  key: ['links.namespace', 'subject.job', 'subject.group'],
  act: { do: 'propose', field: 'memory' },
  limits: { attempts: 1, coolDown: '1d' },
  says: '{subject.job}/{subject.group} reached its own memory limit of {limit} {count} times in an hour; proposed, for a person to try: {proposed}',
  otherwise: 'Look at what {subject.job} keeps in memory; give {subject.group} more only when that is what it needs, and not a leak.',
  never: ['Changes the job: a person takes the proposal over.', 'Proposes after kills that the host or a parent had to answer for.', 'Proposes twice within a day.'],
})
