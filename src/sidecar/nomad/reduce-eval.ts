import { isObject } from '../envelope/text.ts'
import type { JsonObject } from '../fact.ts'
import { digitsAt, objectAt, textAt, wholeAt } from './field.ts'
import type { DeploymentRecord, EvalRecord, ServiceRecord, Shortage } from './record.ts'

/** Makes the record of an evaluation. */
export function reduceEval(evaluation: JsonObject): EvalRecord {
  const queued = objectAt(evaluation, 'QueuedAllocations')
  return {
    kind: 'eval',
    id: textAt(evaluation, 'ID'),
    namespace: textAt(evaluation, 'Namespace'),
    job: textAt(evaluation, 'JobID'),
    status: textAt(evaluation, 'Status'),
    trigger: textAt(evaluation, 'TriggeredBy'),
    says: textAt(evaluation, 'StatusDescription').slice(0, 300),
    deployment: textAt(evaluation, 'DeploymentID'),
    blocked: textAt(evaluation, 'BlockedEval'),
    until: textAt(evaluation, 'WaitUntil'),
    short: Object.entries(objectAt(evaluation, 'FailedTGAllocs')).flatMap(([group, metric]) => (isObject(metric) ? [shortage(group, metric, wholeAt(queued, group))] : [])),
    modifiedAt: digitsAt(evaluation, 'ModifyTime'),
    created: wholeAt(evaluation, 'CreateIndex'),
    modified: wholeAt(evaluation, 'ModifyIndex'),
  }
}

function shortage(group: string, metric: JsonObject, queued: number): Shortage {
  const exhausted = objectAt(metric, 'DimensionExhausted')
  const filtered = objectAt(metric, 'ConstraintFiltered')
  const quota = metric['QuotaExhausted']
  const isQuota = Array.isArray(quota) && quota.length > 0
  const reasons = [...Object.entries(exhausted), ...Object.entries(filtered)].map(([name, count]) => `${name}: ${String(count)}`).sort()
  return {
    group,
    // The evaluation that waits has no numbers of its own: the first one that failed counts, and those that failed alike.
    queued: queued > 0 ? queued : wholeAt(metric, 'CoalescedFailures') + 1,
    evaluated: wholeAt(metric, 'NodesEvaluated'),
    filtered: wholeAt(metric, 'NodesFiltered'),
    exhausted: wholeAt(metric, 'NodesExhausted'),
    available: wholeAt(metric, 'NodesInPool'),
    isQuota,
    says: (isQuota ? [`quota: ${quota.join(', ')}`, ...reasons] : reasons).join(', ').slice(0, 300),
  }
}

/** Makes the record of a deployment. */
export function reduceDeployment(deployment: JsonObject): DeploymentRecord {
  const groups = Object.values(objectAt(deployment, 'TaskGroups')).filter((group) => isObject(group))
  const sum = (key: string): number => groups.reduce((total, group) => total + wholeAt(group, key), 0)
  const canaries = groups.filter((group) => wholeAt(group, 'DesiredCanaries') > 0 && group['Promoted'] !== true)
  const areHealthy = canaries.every((group) => wholeAt(group, 'HealthyAllocs') >= wholeAt(group, 'DesiredCanaries') && group['AutoPromote'] !== true)
  return {
    kind: 'deployment',
    id: textAt(deployment, 'ID'),
    namespace: textAt(deployment, 'Namespace'),
    job: textAt(deployment, 'JobID'),
    version: wholeAt(deployment, 'JobVersion'),
    status: textAt(deployment, 'Status'),
    says: textAt(deployment, 'StatusDescription').slice(0, 300),
    placed: sum('PlacedAllocs'),
    healthy: sum('HealthyAllocs'),
    unhealthy: sum('UnhealthyAllocs'),
    desired: sum('DesiredTotal'),
    isWaiting: canaries.length > 0 && areHealthy,
    modifiedAt: digitsAt(deployment, 'ModifyTime'),
    created: wholeAt(deployment, 'CreateIndex'),
    modified: wholeAt(deployment, 'ModifyIndex'),
  }
}

/** Makes the record of an instance of a native service. */
export function reduceService(service: JsonObject): ServiceRecord {
  const tags = service['Tags']
  return {
    kind: 'service',
    id: textAt(service, 'ID'),
    namespace: textAt(service, 'Namespace'),
    name: textAt(service, 'ServiceName'),
    job: textAt(service, 'JobID'),
    alloc: textAt(service, 'AllocID'),
    node: textAt(service, 'NodeID'),
    address: textAt(service, 'Address'),
    port: wholeAt(service, 'Port'),
    tags: Array.isArray(tags) ? tags.join(',').slice(0, 500) : '',
    created: wholeAt(service, 'CreateIndex'),
    modified: wholeAt(service, 'ModifyIndex'),
  }
}
