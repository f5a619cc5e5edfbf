/** A package of the lab's own repository: like the vendors' packages it holds a binary, a system user and directories, and no unit. */
export interface OwnPackage {
  readonly name: string
  /** The server of kitchen/servers that it carries. */
  readonly server: string
  /** Where the binary goes. */
  readonly binary: string
  readonly user?: { readonly name: string; readonly home: string }
  /** Directories that belong to the user. */
  readonly directories?: readonly string[]
}

/** The packages that the lab makes from the servers it builds. */
export const ownPackages: readonly OwnPackage[] = [
  { name: 'consul', server: 'consul', binary: '/usr/bin/consul', user: { name: 'consul', home: '/etc/consul.d' }, directories: ['/etc/consul.d', '/opt/consul'] },
  { name: 'vault', server: 'vault', binary: '/usr/bin/vault', user: { name: 'vault', home: '/etc/vault.d' }, directories: ['/etc/vault.d', '/opt/vault'] },
  { name: 'nomad', server: 'nomad', binary: '/usr/bin/nomad', user: { name: 'nomad', home: '/etc/nomad.d' }, directories: ['/etc/nomad.d', '/opt/nomad'] },
  { name: 'caddy', server: 'caddy', binary: '/usr/bin/caddy', user: { name: 'caddy', home: '/var/lib/caddy' }, directories: ['/etc/caddy', '/var/lib/caddy'] },
  { name: 'opentofu', server: 'tofu', binary: '/usr/bin/tofu' },
]

/** Debian's own packages that components install on nodes; what they depend on comes along. */
export const debianPackages = ['docker.io', 'containernetworking-plugins', 'iptables'] as const

/** Debian's own packages that the mirror runs. */
export const mirrorPackages = ['docker-registry'] as const
