import { definePolicy } from '../schema/policy.ts'

/** A registration outlived its allocation: its consumers are sent to nobody. */
export default definePolicy({
  on: ['consul/service/critical'],
  match: { 'verdict.reachable': true },
  require: { layerBelow: 'settled', hook: 'allocation_ended' },
  key: ['subject.datacenter', 'subject.partition', 'subject.namespace', 'subject.node', 'subject.service', 'subject.instance', 'links.alloc'],
  act: { do: 'deregister' },
  says: '{subject.service} ({subject.instance}) on {subject.node} is critical in Consul; its allocation {links.alloc} may have ended',
  otherwise: 'See in `nomad alloc status {links.alloc}` that it has ended, then run `consul services deregister -id={subject.instance}` on {subject.node}.',
  never: ['Removes what Nomad does not show, or shows as running, lost or out of reach.', 'Removes a registration that is no allocation’s.', 'Removes one that has changed since it was seen.'],
})
