import { definePolicy } from '../schema/policy.ts'

/** A registration is gone while its allocation runs: nobody finds a service that is well. */
export default definePolicy({
  on: ['consul/service/deregistered'],
  match: { 'verdict.cause': ['explicit', 'critical_timeout'], 'verdict.reachable': true },
  require: { layerBelow: 'settled', hook: 'allocation_runs' },
  key: ['subject.datacenter', 'subject.partition', 'subject.namespace', 'subject.node', 'subject.service', 'subject.instance', 'links.alloc'],
  act: { do: 'resync' },
  says: '{subject.service} ({subject.instance}) is gone from Consul ({verdict.cause}); its allocation {links.alloc} may still run on {subject.node}',
  otherwise: 'See in `nomad alloc status {links.alloc}` that it runs. Where the agent of {subject.node} still has {subject.instance}, it writes it again within two minutes by itself; where it has not, the client of Nomad there registers it within 30 s: see `journalctl -u nomad`. Find out who removed it.',
  never: [
    'Restarts the allocation, or an agent.',
    'Writes a registration itself: the agents own it, and theirs is written as it is.',
    'Sends anybody to an instance that its agent finds critical.',
    'Acts on an allocation that Nomad wants stopped, or does not show.',
  ],
})
