import { defineComponent, type Default, type Integer, type Port, type Roles, type Secret } from '../schema/index.ts'

/** Eos's sidecar: reads what changes in Nomad and Consul, and hands each fact to the engine eos_bridge of the Salt master on its node. */
export interface Sidecar {
  /** What a node does here: a runner stands beside a Salt master; of two runners one holds a lock in Consul and the other waits. */
  role: Roles<'runner'>
  /** Its own pages on the loopback: /metrics, /healthz and /readyz. */
  metrics: Default<Port, 9460>
  /** Services of Consul that get a query of their own, so that their changes are seen sooner. */
  watch: Default<string[], []>
  /** Seconds without a service before its removal counts as settled. */
  serviceRemoved: Default<Integer, 10>
  /** Seconds that an evaluation is blocked before that counts as settled. */
  evalBlocked: Default<Integer, 30>
  /** Changes of one service within a minute from which on it is flapping. */
  flapCount: Default<Integer, 3>
  /** Whether it waits for a lock in Consul before it sends: `auto` where the topology has two runners; `always` also where there is one yet; `never` where each of two masters is to get everything. */
  pair: Default<'auto' | 'always' | 'never', 'auto'>
  /** Its token in Consul: reads nodes and services, and in a pair takes the lock. */
  consulToken: Secret<'uuid'>
}
declare module '../schema/index.ts' {
  interface Components {
    sidecar: Sidecar
  }
}

export default defineComponent<Sidecar>({
  on: 'host',
  class: 'platform',
  needs: ['tls', 'consul', 'consul-acl', 'nomad', 'nomad-acl'],
  packages: ['eos-sidecar'],
  unit: 'eos-sidecar.service',
  user: 'eos',
  ports: { metrics: 'loopback' },
  memory: [{ floor: '96MiB', want: '192MiB', burst: '512MiB' }],
  storage: { '/var/lib/eos-sidecar': 'local' },
  prepare: [
    {
      id: 'policy in Consul',
      run: 'eos_consul.policy_present',
      with: {
        name: 'eos-sidecar',
        address: { $: 'derive.consul' },
        token: { $: 'consul-acl.managementToken' },
        description: 'What the sidecar of Eos needs: to read nodes and services; in a pair also sessions on the agents that it asks, and one key.',
        rules: { $: 'derive.rules' },
      },
    },
    {
      id: 'token in Consul',
      run: 'eos_consul.token_present',
      with: {
        name: 'eos-sidecar',
        address: { $: 'derive.consul' },
        token: { $: 'consul-acl.managementToken' },
        secret: { $: 'consulToken' },
        policies: ['eos-sidecar'],
      },
    },
    {
      id: 'policy in Nomad',
      run: 'eos_nomad.policy_present',
      with: {
        name: 'eos-sidecar',
        address: { $: 'derive.nomad' },
        token: { $: 'nomad-acl.managementToken' },
        description: 'What the sidecar of Eos needs: to read jobs of every namespace, and nodes.',
        rules: { namespace: { '*': { capabilities: ['list-jobs', 'read-job'] } }, node: { policy: 'read' } },
      },
    },
    {
      id: 'token in Nomad',
      run: 'eos_nomad.token_file',
      with: {
        name: '/etc/eos-sidecar/nomad.token',
        address: { $: 'derive.nomad' },
        token: { $: 'nomad-acl.managementToken' },
        label: { $text: 'eos-sidecar on {node.id}' },
        policies: ['eos-sidecar'],
        user: 'eos',
      },
    },
  ],
  files: [
    {
      path: '/etc/eos-sidecar/consul.token',
      format: 'lines',
      mode: '0400',
      owner: 'eos:eos',
      data: { lines: [{ $: 'consulToken' }] },
    },
    {
      path: '/etc/eos-sidecar/config.json',
      format: 'json',
      mode: '0640',
      owner: 'root:eos',
      reload: 'restart',
      data: {
        instance: { $: 'node.id' },
        journal: '/var/lib/eos-sidecar/journal.db',
        socket: '/run/eos/bridge.sock',
        metrics: { port: { $: 'metrics' } },
        nomad: [
          {
            region: { $: 'nomad.region' },
            addresses: { $: 'derive.nomads' },
            ca: { $: 'tls.caFile' },
            token_file: '/etc/eos-sidecar/nomad.token',
          },
        ],
        consul: [
          {
            datacenter: { $: 'consul.datacenter' },
            addresses: { $: 'derive.consuls' },
            ca: { $: 'tls.caFile' },
            token_file: '/etc/eos-sidecar/consul.token',
            watch: { $: 'watch' },
          },
        ],
        pair: { $: 'derive.lock' },
        settle: {
          service_removed: { $text: '{serviceRemoved}s' },
          eval_blocked: { $text: '{evalBlocked}s' },
          flap_count: { $: 'flapCount' },
        },
      },
    },
  ],
  gate: {
    within: '60s',
    probes: [
      {
        by: 'hook',
        hook: 'engine_is_connected',
        why: 'no Salt master with the engine eos_bridge runs on this node: run `saltext-eos configure-master` there and restart the master',
      },
      {
        by: 'hook',
        hook: 'is_ready',
        why: 'a token is refused, or Nomad or Consul is not reachable from this node; `journalctl -u eos-sidecar` has the reasons',
      },
    ],
  },
  metrics: { port: 'metrics', path: '/metrics' },
  backup: 'nothing-to-keep',
  hooks: ['derive'],
})
