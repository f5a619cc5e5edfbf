import type { JsonObject } from '../fact.ts'
import { objectAt, objectsAt, textAt, wholeAt } from './field.ts'
import type { NodeRecord } from './record.ts'

/** Makes the record of a node, from the stream, a reading of it, or a list, which has no messages and no missed heartbeat. */
export function reduceNode(node: JsonObject): NodeRecord {
  const last = objectAt(node, 'LastDrain')
  return {
    kind: 'node',
    id: textAt(node, 'ID'),
    name: textAt(node, 'Name'),
    datacenter: textAt(node, 'Datacenter'),
    pool: textAt(node, 'NodePool') || 'default',
    status: textAt(node, 'Status'),
    eligibility: textAt(node, 'SchedulingEligibility'),
    isDraining: node['Drain'] === true || typeof node['DrainStrategy'] === 'object' && node['DrainStrategy'] !== null,
    drain: textAt(last, 'Status'),
    drainStarted: textAt(last, 'StartedAt'),
    drainAccessor: textAt(last, 'AccessorID').replace(/^token:/, ''),
    missed: wholeAt(node, 'LastMissedHeartbeatIndex'),
    messages: objectsAt(node, 'Events').map((event) => ({ says: textAt(event, 'Message').slice(0, 200), index: wholeAt(event, 'CreateIndex'), at: textAt(event, 'Timestamp') })),
    created: wholeAt(node, 'CreateIndex'),
    modified: wholeAt(node, 'ModifyIndex'),
  }
}
