import { defineComponent, type Default, type Immutable, type Port, type Roles, type Secret } from '../schema/index.ts'

/** Nomad: places jobs and runs them; server and client are one agent, with ACLs and TLS from the first start. */
export interface Nomad {
  /** What a node does here; a node may do both. */
  role: Roles<'server' | 'client'>
  /** Region name. */
  region: Immutable<Default<string, 'global'>>
  /** HTTPS API. */
  https: Default<Port, 4646>
  /** RPC between agents. */
  rpc: Default<Port, 4647>
  /** Gossip between servers. */
  serf: Default<Port, 4648>
  /** How much the agent writes to its journal. */
  logLevel: Default<'warn' | 'info' | 'debug', 'info'>
  /** Key of the gossip layer. */
  gossipKey: Secret<'base64:32'>
}
declare module '../schema/index.ts' {
  interface Components {
    nomad: Nomad
  }
}

export default defineComponent<Nomad>({
  on: 'host',
  class: 'core',
  needs: ['tls', 'docker', 'consul', 'consul-acl', 'vault', 'vault-open'],
  packages: ['nomad'],
  unit: 'nomad.service',
  identity: { sans: [{ $: 'derive.names' }] },
  ports: { https: 'cluster', rpc: 'cluster', serf: 'cluster' },
  memory: [
    { when: { role: 'server' }, floor: '192MiB', want: '384MiB', burst: '768MiB' },
    { floor: '96MiB', want: '192MiB', burst: '512MiB' },
  ],
  storage: { '/var/lib/nomad': 'local', '/etc/nomad.d': 'local' },
  files: [
    {
      path: '/etc/nomad.d/eos.json',
      format: 'json',
      mode: '0600',
      reload: 'restart',
      data: {
        name: { $: 'node.id' },
        region: { $: 'region' },
        datacenter: { $: 'consul.datacenter' },
        data_dir: '/var/lib/nomad',
        bind_addr: { $: 'node.address' },
        addresses: { http: { $text: '127.0.0.1 {node.address}' } },
        advertise: {
          http: { $: 'node.address' },
          rpc: { $: 'node.address' },
          serf: { $: 'node.address' },
        },
        ports: { http: { $: 'https' }, rpc: { $: 'rpc' }, serf: { $: 'serf' } },
        log_level: { $: 'logLevel' },
        disable_update_check: true,
        acl: { enabled: true },
        // Vault keeps a connection for each lease of its Nomad engine, all from one address.
        limits: { http_max_conns_per_client: 500 },
        tls: {
          http: true,
          rpc: true,
          ca_file: { $: 'tls.caFile' },
          cert_file: '/etc/eos/tls/nomad.pem',
          key_file: '/etc/eos/tls/nomad.key',
          verify_server_hostname: true,
          // Vault and Consul fetch the public keys of workload identities here and have no client certificate.
          verify_https_client: false,
        },
        consul: {
          address: { $text: '127.0.0.1:{consul.https}' },
          ssl: true,
          verify_ssl: true,
          ca_file: { $: 'tls.caFile' },
          token: { $: 'consul-acl.nomadToken' },
          service_identity: { aud: ['consul.io'], ttl: '1h' },
          task_identity: { aud: ['consul.io'], ttl: '1h' },
        },
        vault: {
          enabled: true,
          address: { $: 'derive.vault' },
          ca_file: { $: 'tls.caFile' },
          jwt_auth_backend_path: 'jwt-nomad',
          default_identity: {
            aud: ['vault.io'],
            ttl: '1h',
            extra_claims: { nomad_workload_id: '${job.region}:${job.namespace}:${job.id}' },
          },
        },
        telemetry: {
          prometheus_metrics: true,
          publish_allocation_metrics: true,
          publish_node_metrics: true,
        },
      },
    },
    {
      path: '/etc/nomad.d/eos.json',
      format: 'json',
      mode: '0600',
      reload: 'restart',
      when: { role: 'server' },
      data: {
        server: {
          enabled: true,
          bootstrap_expect: { $: 'peers.server.count' },
          encrypt: { $: 'gossipKey' },
          server_join: { retry_join: { $: 'peers.server.address' } },
        },
      },
    },
    {
      path: '/etc/nomad.d/eos.json',
      format: 'json',
      mode: '0600',
      reload: 'restart',
      when: { role: 'client' },
      data: {
        client: {
          enabled: true,
          server_join: { retry_join: { $: 'peers.server.address' } },
          memory_total_mb: { $: 'derive.memory' },
          reserved: { memory: { $: 'budget.reserved' } },
          template: { vault_retry: { attempts: 0 }, consul_retry: { attempts: 0 }, nomad_retry: { attempts: 0 } },
          // Looking for a cloud's metadata service delays each start of a host that has none.
          options: {
            'driver.allowlist': 'docker,raw_exec',
            'fingerprint.denylist': 'env_aws,env_gce,env_azure,env_digitalocean',
          },
        },
        plugin: {
          docker: {
            config: { allow_privileged: false, volumes: { enabled: false }, gc: { image: true, image_delay: '24h', container: true } },
          },
          raw_exec: { config: { enabled: true } },
        },
      },
    },
    {
      path: '/etc/systemd/system/nomad.service',
      format: 'unit',
      reload: 'restart',
      data: {
        Unit: {
          Description: 'Nomad agent',
          Wants: 'network-online.target consul.service docker.service',
          After: 'network-online.target consul.service docker.service',
          StartLimitIntervalSec: 0,
        },
        Service: {
          ExecStart: '/usr/bin/nomad agent -config=/etc/nomad.d',
          ExecReload: '/bin/kill -HUP $MAINPID',
          KillMode: 'process',
          KillSignal: 'SIGINT',
          Restart: 'always',
          RestartSec: 2,
          LimitNOFILE: 65536,
          TasksMax: 'infinity',
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
        why: 'no leader: fewer than a majority of servers reach each other on the RPC port',
      },
      {
        by: 'http',
        port: 'https',
        get: '/.well-known/jwks.json',
        field: 'keys.0.kty',
        isNot: '',
        why: 'the keyring cannot be read: /var/lib/nomad was restored without server/keystore',
      },
    ],
  },
  metrics: { port: 'https', path: '/v1/metrics?format=prometheus' },
  hooks: ['derive'],
})
