/** One server that the lab builds from its Go module in this folder. */
export interface Server {
  /** Folder of the module, and name of the binary. */
  readonly name: string
  readonly version: string
  /** The package that is built, and the module it comes from. */
  readonly path: string
  readonly module: string
  /** It does not build without a C compiler. */
  readonly needsC?: true
  /** Linker flags for a program that does not know its version otherwise. */
  readonly link?: string
  /** Seconds that a build with a cold cache took on two cores. */
  readonly seconds: number
}

/** The lab's servers; versions are those of the go.mod files, and a build whose binary says otherwise is refused. */
export const servers: readonly Server[] = [
  { name: 'consul', version: '1.22.2', path: 'github.com/hashicorp/consul', module: 'github.com/hashicorp/consul', seconds: 260 },
  { name: 'vault', version: '1.21.1', path: 'github.com/hashicorp/vault', module: 'github.com/hashicorp/vault', seconds: 500 },
  { name: 'nomad', version: '1.11.3', path: 'github.com/hashicorp/nomad', module: 'github.com/hashicorp/nomad', seconds: 210 },
  { name: 'tofu', version: '1.12.6', path: 'github.com/opentofu/opentofu/cmd/tofu', module: 'github.com/opentofu/opentofu', seconds: 215 },
  {
    name: 'caddy',
    version: '2.11.9',
    path: 'github.com/caddyserver/caddy/v2/cmd/caddy',
    module: 'github.com/caddyserver/caddy/v2',
    link: '-X github.com/caddyserver/caddy/v2.CustomVersion=v2.11.9',
    seconds: 80,
  },
  {
    name: 'miniflux',
    version: '2.2.13',
    path: 'miniflux.app/v2',
    module: 'miniflux.app/v2',
    link: '-X miniflux.app/v2/internal/version.Version=2.2.13',
    seconds: 20,
  },
]

/** The oldest servers that are supported: the long form of the tests builds them, and runs the law against them. No lab has them. */
export const oldestServers: readonly Server[] = [
  { name: 'oldest-consul', version: '1.20.6', path: 'github.com/hashicorp/consul', module: 'github.com/hashicorp/consul', seconds: 250 },
  { name: 'oldest-nomad', version: '1.10.5', path: 'github.com/hashicorp/nomad', module: 'github.com/hashicorp/nomad', needsC: true, seconds: 210 },
]

/** The server of that name. */
export function serverNamed(name: string): Server {
  const found = servers.find((server) => server.name === name)
  if (found === undefined) throw new Error(`no server ${name}`)
  return found
}
