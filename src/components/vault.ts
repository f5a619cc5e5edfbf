import { defineComponent, type Default, type Immutable, type Port, type Roles } from '../schema/index.ts'

/** Vault: keeper of secret values; this is the process, `vault_open` makes it usable. */
export interface Vault {
  /** What a node does here. */
  role: Roles<'server'>
  /** HTTPS API. */
  api: Default<Port, 8200>
  /** Between servers. */
  cluster: Default<Port, 8201>
  /** Where Vault keeps its data: `file` for one server, `raft` to add servers later. */
  storage: Immutable<Default<'file' | 'raft', 'file'>>
  /** How much the server writes to its journal. */
  logLevel: Default<'warn' | 'info' | 'debug', 'info'>
}
declare module '../schema/index.ts' {
  interface Components {
    vault: Vault
  }
}

export default defineComponent<Vault>({
  on: 'host',
  class: 'core',
  needs: ['host', 'tls'],
  packages: ['vault'],
  unit: 'vault.service',
  user: 'vault',
  identity: { sans: ['vault.service.consul'] },
  ports: { api: 'cluster', cluster: 'cluster' },
  memory: [{ floor: '384MiB', want: '512MiB', burst: '1GiB' }],
  storage: { '/var/lib/vault': 'local', '/var/log/vault': 'local' },
  files: [
    {
      path: '/etc/vault.d/eos.json',
      format: 'json',
      mode: '0640',
      owner: 'root:vault',
      reload: 'restart',
      data: {
        cluster_name: { $: 'stack.name' },
        listener: [
          {
            tcp: {
              address: { $text: '127.0.0.1:{api}' },
              tls_cert_file: '/etc/eos/tls/vault.pem',
              tls_key_file: '/etc/eos/tls/vault.key',
              tls_min_version: 'tls12',
              tls_disable_client_certs: true,
            },
          },
          {
            tcp: {
              address: { $text: '{node.address}:{api}' },
              cluster_address: { $text: '{node.address}:{cluster}' },
              tls_cert_file: '/etc/eos/tls/vault.pem',
              tls_key_file: '/etc/eos/tls/vault.key',
              tls_min_version: 'tls12',
              tls_disable_client_certs: true,
            },
          },
        ],
        api_addr: { $text: 'https://{node.address}:{api}' },
        cluster_addr: { $text: 'https://{node.address}:{cluster}' },
        // Vault's memory is not locked: hosts of a stack have no swap, or encrypted swap.
        disable_mlock: true,
        log_level: { $: 'logLevel' },
        ui: false,
        telemetry: { prometheus_retention_time: '10m', disable_hostname: true },
      },
    },
    {
      path: '/etc/vault.d/eos.json',
      format: 'json',
      mode: '0640',
      owner: 'root:vault',
      reload: 'restart',
      when: { storage: 'file' },
      data: { storage: { file: { path: '/var/lib/vault/data' } } },
    },
    {
      path: '/etc/vault.d/eos.json',
      format: 'json',
      mode: '0640',
      owner: 'root:vault',
      reload: 'restart',
      when: { storage: 'raft' },
      data: { storage: { raft: { path: '/var/lib/vault', node_id: { $: 'node.id' } } } },
    },
    {
      path: '/etc/systemd/system/vault.service',
      format: 'unit',
      reload: 'restart',
      data: {
        Unit: {
          Description: 'Vault server',
          Wants: 'network-online.target',
          After: 'network-online.target',
          StartLimitIntervalSec: 0,
        },
        Service: {
          User: 'vault',
          Group: 'vault',
          ExecStart: '/usr/bin/vault server -config=/etc/vault.d',
          ExecReload: '/bin/kill -HUP $MAINPID',
          KillMode: 'process',
          KillSignal: 'SIGINT',
          Restart: 'always',
          RestartSec: 2,
          LimitNOFILE: 65536,
        },
        Install: { WantedBy: 'multi-user.target' },
      },
    },
  ],
  gate: {
    within: '60s',
    probes: [
      {
        by: 'http',
        port: 'api',
        get: '/v1/sys/health',
        status: [200, 429, 472, 473, 501, 503],
        why: 'Vault did not start: its storage directory belongs to another user, or its port to another program',
      },
    ],
  },
  metrics: { port: 'api', path: '/v1/sys/metrics?format=prometheus' },
})
