import { isObject } from '../envelope/text.ts'
import type { JsonObject } from '../fact.ts'
import { digitsAt, objectAt, objectsAt, textAt, wholeAt, wholeIn } from './field.ts'
import type { AllocRecord, TaskEvent, TaskRecord } from './record.ts'

/** Types of task events that a judgement needs; the others only tell of progress. */
const NEEDED = new Set([
  'Started',
  'Terminated',
  'Killing',
  'Killed',
  'Restarting',
  'Not Restarting',
  'Restart Signaled',
  'Setup Failure',
  'Driver Failure',
  'Failed Validation',
  'Failed Artifact Download',
  'Disk Resources Exceeded',
  'Task hook failed',
  'Failed Restoring Task',
])
/** Longest words of Nomad that go into a fact. */
const LONGEST = 300

/** Makes the record of an allocation, from the stream or from a list. */
export function reduceAlloc(alloc: JsonObject): AllocRecord {
  const transition = objectAt(alloc, 'DesiredTransition')
  const tracker = objectAt(alloc, 'RescheduleTracker')
  const version = objectAt(alloc, 'Job')['Version'] ?? alloc['JobVersion']
  return {
    kind: 'alloc',
    id: textAt(alloc, 'ID'),
    namespace: textAt(alloc, 'Namespace'),
    job: textAt(alloc, 'JobID'),
    group: textAt(alloc, 'TaskGroup'),
    node: textAt(alloc, 'NodeID'),
    nodeName: textAt(alloc, 'NodeName'),
    client: textAt(alloc, 'ClientStatus'),
    desired: textAt(alloc, 'DesiredStatus'),
    why: textAt(alloc, 'DesiredDescription').slice(0, LONGEST),
    says: textAt(alloc, 'ClientDescription').slice(0, LONGEST),
    eval: textAt(alloc, 'EvalID'),
    deployment: textAt(alloc, 'DeploymentID'),
    version: typeof version === 'number' ? version : null,
    previous: textAt(alloc, 'PreviousAllocation'),
    next: textAt(alloc, 'NextAllocation'),
    followup: textAt(alloc, 'FollowupEvalID'),
    preemptedBy: textAt(alloc, 'PreemptedByAllocation'),
    isMigrating: transition['Migrate'] === true,
    isForced: transition['ForceReschedule'] === true,
    tracked: textAt(objectsAt(tracker, 'Events').at(-1) ?? {}, 'PrevAllocID'),
    attempt: textAt(tracker, 'LastReschedule'),
    created: wholeAt(alloc, 'CreateIndex'),
    modified: wholeAt(alloc, 'ModifyIndex'),
    createdAt: digitsAt(alloc, 'CreateTime'),
    modifiedAt: digitsAt(alloc, 'ModifyTime'),
    tasks: Object.entries(objectAt(alloc, 'TaskStates')).flatMap(([name, state]) => (isObject(state) ? [reduceTask(name, state)] : [])),
  }
}

function reduceTask(name: string, state: JsonObject): TaskRecord {
  return {
    name,
    state: textAt(state, 'State'),
    isFailed: state['Failed'] === true,
    restarts: wholeAt(state, 'Restarts'),
    events: objectsAt(state, 'Events')
      .filter((event) => NEEDED.has(textAt(event, 'Type')))
      .map(reduceTaskEvent),
  }
}

function reduceTaskEvent(event: JsonObject): TaskEvent {
  const details = objectAt(event, 'Details')
  const says = ['restart_reason', 'exit_message', 'driver_error', 'setup_error', 'validation_error', 'download_error', 'disk_error', 'message', 'kill_reason', 'kill_error'].map((key) => textAt(details, key)).find((text) => text !== '')
  return {
    type: textAt(event, 'Type'),
    time: digitsAt(event, 'Time'),
    code: wholeIn(textAt(details, 'exit_code')),
    signal: wholeIn(textAt(details, 'signal')),
    isOom: details['oom_killed'] === 'true',
    isFatal: details['fails_task'] === 'true',
    says: (says ?? textAt(event, 'DisplayMessage')).slice(0, LONGEST),
  }
}
