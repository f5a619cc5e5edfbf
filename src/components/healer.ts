import { defineComponent, type Roles, type Secret } from '../schema/index.ts'

/** Eos's healer: the engine eos_healer of the Salt master on its node, the reactor that starts what it decided, and its rights to remove a dead registration, to have a lost one written again and to have a job evaluated. What it may do is set below `eos:heal`; what it did stands in `/var/lib/eos/healer.db` on the master, which belongs into the master's backup. */
export interface Healer {
  /** What a node does here: a runner stands beside a Salt master. */
  role: Roles<'runner'>
  /** Its token in Consul: reads nodes and services, and removes registrations of other services than the stack's own, or has their agents write them. */
  consulToken: Secret<'uuid'>
}
declare module '../schema/index.ts' {
  interface Components {
    healer: Healer
  }
}

export default defineComponent<Healer>({
  on: 'host',
  class: 'platform',
  needs: ['tls', 'consul', 'consul-acl', 'nomad', 'nomad-acl', 'sidecar'],
  memory: [{ floor: '128MiB', want: '256MiB', burst: '512MiB' }],
  prepare: [
    {
      id: 'policy in Consul',
      run: 'eos_consul.policy_present',
      with: {
        name: 'eos-healer',
        address: { $: 'derive.consul' },
        token: { $: 'consul-acl.managementToken' },
        description: 'What healing needs: to see nodes and services, to remove registrations that no allocation stands behind, and to have those written that the catalogue lost.',
        rules: { $: 'derive.rules' },
      },
    },
    {
      id: 'token in Consul',
      run: 'eos_consul.token_present',
      with: {
        name: 'eos-healer',
        address: { $: 'derive.consul' },
        token: { $: 'consul-acl.managementToken' },
        secret: { $: 'consulToken' },
        policies: ['eos-healer'],
      },
    },
    {
      id: 'policy in Nomad',
      run: 'eos_nomad.policy_present',
      with: {
        name: 'eos-healer',
        address: { $: 'derive.nomad' },
        token: { $: 'nomad-acl.managementToken' },
        description: 'What healing needs: to read jobs of every namespace, and to have them evaluated.',
        // Measured on Nomad 1.11.3: read-job alone is refused, and submit-job would let it write jobs.
        rules: { namespace: { '*': { capabilities: ['list-jobs', 'read-job', 'evaluate-job'] } } },
      },
    },
    {
      id: 'token in Nomad',
      run: 'eos_nomad.token_file',
      with: {
        name: '/etc/eos-healer/nomad.token',
        address: { $: 'derive.nomad' },
        token: { $: 'nomad-acl.managementToken' },
        label: { $text: 'eos-healer on {node.id}' },
        policies: ['eos-healer'],
        user: 'root',
      },
    },
  ],
  files: [
    {
      path: '/etc/eos-healer/consul.token',
      format: 'lines',
      mode: '0400',
      data: { lines: [{ $: 'consulToken' }] },
    },
  ],
  gate: {
    within: '90s',
    probes: [
      {
        by: 'hook',
        hook: 'engine_turns',
        why: 'the engine eos_healer of the Salt master on this node does not turn, or its record is damaged and it froze: run `saltext-eos configure-master` there and restart the master; `salt-run eos.status` says what froze it',
      },
      {
        by: 'hook',
        hook: 'reactor_is_set_up',
        why: 'the Salt master on this node would not start what is decided, or does not run a reaction that its main file has: run `saltext-eos configure-master` there and restart the master',
      },
    ],
  },
  hooks: ['derive'],
})
