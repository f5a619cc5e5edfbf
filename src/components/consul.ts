import { defineComponent, type Default, type Immutable, type Port, type Roles, type Secret } from '../schema/index.ts'

/** Consul: service catalogue, health checks and DNS, with ACLs and TLS from the first start. */
export interface Consul {
  /** What a node does here. */
  role: Roles<'server' | 'client'>
  /** Datacenter name. */
  datacenter: Immutable<Default<string, 'dc1'>>
  /** HTTPS API; plain HTTP is off. */
  https: Default<Port, 8501>
  /** Gossip between agents in one datacenter. */
  serfLan: Default<Port, 8301>
  /** Raft and RPC between servers. */
  server: Default<Port, 8300>
  /** DNS on the loopback. */
  dns: Default<Port, 8600>
  /** How much the agent writes to its journal. */
  logLevel: Default<'warn' | 'info' | 'debug', 'info'>
  /** Key of the gossip layer. */
  gossipKey: Secret<'base64:32'>
  /** Token that agents keep their own node up to date with. */
  agentToken: Secret<'uuid'>
  /** Token that DNS answers are looked up with. */
  dnsToken: Secret<'uuid'>
}
declare module '../schema/index.ts' {
  interface Components {
    consul: Consul
  }
}

export default defineComponent<Consul>({
  on: 'host',
  class: 'core',
  needs: ['host', 'tls'],
  packages: ['consul'],
  unit: 'consul.service',
  user: 'consul',
  identity: { sans: [{ $: 'derive.names' }] },
  ports: { https: 'cluster', serfLan: 'cluster', server: 'cluster', dns: 'loopback' },
  memory: [
    { when: { role: 'server' }, floor: '128MiB', want: '256MiB', burst: '512MiB' },
    { floor: '48MiB', want: '64MiB', burst: '128MiB' },
  ],
  storage: { '/var/lib/consul': 'local' },
  files: [
    {
      path: '/etc/consul.d/eos.json',
      format: 'json',
      mode: '0640',
      owner: 'root:consul',
      reload: 'restart',
      data: {
        datacenter: { $: 'datacenter' },
        node_name: { $: 'node.id' },
        data_dir: '/var/lib/consul',
        bind_addr: { $: 'node.address' },
        client_addr: '127.0.0.1',
        addresses: { https: { $text: '127.0.0.1 {node.address}' }, dns: '127.0.0.1' },
        retry_join: { $: 'peers.server.address' },
        encrypt: { $: 'gossipKey' },
        log_level: { $: 'logLevel' },
        disable_update_check: true,
        ports: {
          http: -1,
          https: { $: 'https' },
          grpc: -1,
          grpc_tls: -1,
          serf_lan: { $: 'serfLan' },
          serf_wan: -1,
          server: { $: 'server' },
          dns: { $: 'dns' },
        },
        tls: {
          defaults: {
            ca_file: { $: 'tls.caFile' },
            cert_file: '/etc/eos/tls/consul.pem',
            key_file: '/etc/eos/tls/consul.key',
            verify_outgoing: true,
            tls_min_version: 'TLSv1_2',
          },
          internal_rpc: { verify_incoming: true, verify_server_hostname: true },
        },
        acl: {
          enabled: true,
          default_policy: 'deny',
          down_policy: 'extend-cache',
          enable_token_persistence: false,
          tokens: { agent: { $: 'agentToken' }, dns: { $: 'dnsToken' } },
        },
        telemetry: { prometheus_retention_time: '10m', disable_hostname: true },
      },
    },
    {
      path: '/etc/consul.d/eos.json',
      format: 'json',
      mode: '0640',
      owner: 'root:consul',
      reload: 'restart',
      when: { role: 'server' },
      data: { server: true, bootstrap_expect: { $: 'peers.server.count' }, connect: { enabled: false } },
    },
    {
      path: '/etc/systemd/system/consul.service',
      format: 'unit',
      reload: 'restart',
      data: {
        Unit: {
          Description: 'Consul agent',
          Wants: 'network-online.target',
          After: 'network-online.target',
          StartLimitIntervalSec: 0,
        },
        Service: {
          User: 'consul',
          Group: 'consul',
          ExecStart: '/usr/bin/consul agent -config-dir=/etc/consul.d',
          ExecReload: '/bin/kill -HUP $MAINPID',
          KillMode: 'process',
          Restart: 'always',
          RestartSec: 2,
          LimitNOFILE: 65536,
        },
        Install: { WantedBy: 'multi-user.target' },
      },
    },
  ],
  gate: {
    within: '90s',
    probes: [
      {
        by: 'http',
        port: 'https',
        get: '/v1/status/leader',
        isNot: '',
        why: 'no leader: fewer than a majority of servers reach each other on the server port',
      },
      {
        by: 'hook',
        hook: 'anonymous_is_refused',
        why: 'ACLs are off, the default policy is allow, or the anonymous token was given a policy',
      },
    ],
  },
  metrics: { port: 'https', path: '/v1/agent/metrics?format=prometheus' },
  hooks: ['derive'],
})
