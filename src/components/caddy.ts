import { defineComponent, type Default, type Port, type Roles } from '../schema/index.ts'

/** Caddy: the edge; it serves each application's host name from the healthy instances that Consul knows. */
export interface Caddy {
  /** What a node does here. */
  role: Roles<'edge'>
  /** HTTPS for everyone. */
  https: Default<Port, 443>
  /** HTTP that only redirects to HTTPS. */
  http: Default<Port, 80>
}
declare module '../schema/index.ts' {
  interface Components {
    caddy: Caddy
  }
}

export default defineComponent<Caddy>({
  on: 'host',
  class: 'platform',
  needs: ['consul', 'consul-acl', 'tls'],
  packages: ['caddy'],
  unit: 'caddy.service',
  user: 'caddy',
  identity: { sans: [{ $: 'stack.domain' }, { $text: '*.{stack.domain}' }, { $: 'derive.names' }] },
  ports: { https: 'public', http: 'public' },
  memory: [{ floor: '64MiB', want: '96MiB', burst: '256MiB' }],
  storage: { '/var/lib/caddy': 'local' },
  prepare: [
    {
      id: 'validated configuration',
      run: 'eos_caddy.configured',
      with: { name: '/etc/caddy/eos.json', config: { $: 'derive.config' } },
    },
  ],
  files: [
    {
      path: '/etc/systemd/system/caddy.service',
      format: 'unit',
      reload: 'restart',
      data: {
        Unit: {
          Description: 'Caddy, the edge',
          Wants: 'network-online.target',
          After: 'network-online.target',
          StartLimitIntervalSec: 0,
        },
        Service: {
          Type: 'notify',
          User: 'caddy',
          Group: 'caddy',
          Environment: ['XDG_DATA_HOME=/var/lib/caddy', 'XDG_CONFIG_HOME=/var/lib/caddy'],
          ExecStart: '/usr/bin/caddy run --config /etc/caddy/eos.json',
          RuntimeDirectory: 'caddy',
          RuntimeDirectoryMode: '0700',
          Restart: 'always',
          RestartSec: 2,
          TimeoutStopSec: 10,
          LimitNOFILE: 65536,
          AmbientCapabilities: 'CAP_NET_BIND_SERVICE',
          CapabilityBoundingSet: 'CAP_NET_BIND_SERVICE',
          NoNewPrivileges: true,
          ProtectSystem: 'full',
          ProtectHome: true,
        },
        Install: { WantedBy: 'multi-user.target' },
      },
    },
  ],
  converge: [
    {
      id: 'configuration loaded',
      run: 'eos_caddy.loaded',
      with: { name: '/etc/caddy/eos.json' },
    },
  ],
  gate: {
    within: '60s',
    probes: [
      {
        by: 'hook',
        hook: 'runs_as_compiled',
        why: 'somebody loaded another configuration through the admin socket, or Caddy refused the compiled one',
      },
      {
        by: 'hook',
        hook: 'hosts_answer',
        why: 'the certificate lacks a host name, or another program holds the ports',
      },
    ],
  },
  backup: 'nothing-to-keep',
  hooks: ['derive'],
})
