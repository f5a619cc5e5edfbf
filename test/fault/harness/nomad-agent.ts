import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { removeGroups } from './allocation-groups.ts'
import type { Authority } from './authority.ts'
import { startChild, type Child } from './children.ts'

/** The ports of one agent. */
export interface Ports {
  readonly http: number
  readonly rpc: number
  readonly serf: number
}

export interface NomadOptions {
  /** Buffer of each server in operations; the default of Nomad is 100. */
  readonly buffers: readonly number[]
  readonly clients: number
  /** Another binary than the lab's. */
  readonly binary?: string
  /** Further settings of every agent, merged over the others. */
  readonly settings?: Readonly<Record<string, unknown>>
}

/** One Nomad agent that may be stopped, killed and started again on its own data and ports. */
export class NomadAgent {
  #child: Child | undefined
  readonly #folder: string
  readonly #config: string

  readonly name: string
  readonly ports: Ports
  readonly isServer: boolean
  #binary: string

  constructor(
    name: string,
    ports: Ports,
    isServer: boolean,
    folder: string,
    config: Readonly<Record<string, unknown>>,
    binary: string,
  ) {
    this.name = name
    this.ports = ports
    this.isServer = isServer
    this.#binary = binary
    this.#folder = join(folder, name)
    this.#config = join(this.#folder, 'agent.json')
    mkdirSync(this.#folder, { recursive: true })
    writeFileSync(this.#config, JSON.stringify({ ...config, data_dir: join(this.#folder, 'data') }))
  }

  get isRunning(): boolean {
    return this.#child?.isRunning() === true
  }

  start(): void {
    this.#child = startChild('agent', [this.#binary, 'agent', `-config=${this.#config}`], { folder: this.#folder, isContained: !this.isServer })
  }

  /** SIGKILL; a client takes its tasks with it, as a host that loses power does. */
  async kill(): Promise<void> {
    await this.#child?.kill()
    if (!this.isServer) await removeGroups(join(this.#folder, 'data', 'alloc'))
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.signal(name)
  }

  /** Starts with another version from the next start on. */
  swap(binary: string): void {
    this.#binary = binary
  }

  /** Forgets everything; only of an agent that is down. */
  wipe(): void {
    rmSync(join(this.#folder, 'data'), { recursive: true, force: true })
  }

  said(): string {
    return this.#child?.said() ?? ''
  }
}

/** What every agent of a test is configured with: TLS and ACLs on, elections fast, nothing of other products. */
export function agentSettings(name: string, ports: Ports, authority: Authority): Record<string, unknown> {
  return {
    name,
    region: 'global',
    datacenter: 'dc1',
    bind_addr: '127.0.0.1',
    ports,
    advertise: { http: `127.0.0.1:${ports.http}`, rpc: `127.0.0.1:${ports.rpc}`, serf: `127.0.0.1:${ports.serf}` },
    acl: { enabled: true, token_min_expiration_ttl: '5s' },
    tls: { http: true, rpc: true, ca_file: authority.ca, cert_file: authority.certificate, key_file: authority.key, verify_server_hostname: true, verify_https_client: false },
    consul: { auto_advertise: false, server_auto_join: false, client_auto_join: false },
    disable_update_check: true,
    disable_anonymous_signature: true,
    leave_on_interrupt: false,
    leave_on_terminate: false,
    limits: { http_max_conns_per_client: 500 },
  }
}

/** The part that makes an agent a server. */
export function serverSettings(count: number, buffer: number, peers: readonly Ports[]): Record<string, unknown> {
  return {
    server: {
      enabled: true,
      bootstrap_expect: count,
      event_buffer_size: buffer,
      heartbeat_grace: '2s',
      min_heartbeat_ttl: '3s',
      max_heartbeats_per_second: 50,
      failover_heartbeat_ttl: '10s',
      server_join: { retry_join: peers.map(({ serf }) => `127.0.0.1:${serf}`), retry_interval: '1s' },
    },
  }
}

/** The part that makes an agent a client; it offers `raw_exec`, and docker where a daemon runs. */
export function clientSettings(servers: readonly Ports[]): Record<string, unknown> {
  return {
    client: {
      enabled: true,
      servers: servers.map(({ rpc }) => `127.0.0.1:${rpc}`),
      cpu_total_compute: 100_000,
      memory_total_mb: 100_000,
      disk_total_mb: 1_000_000,
      disk_free_mb: 1_000_000,
      options: { 'driver.allowlist': 'raw_exec,docker', 'fingerprint.denylist': 'env_aws,env_gce,env_azure,env_digitalocean,cni,bridge,plugins_cni,consul,vault,landlock' },
    },
    plugin: { raw_exec: { config: { enabled: true } } },
  }
}
