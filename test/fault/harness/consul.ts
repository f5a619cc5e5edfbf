import { randomUUID } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Authority } from './authority.ts'
import { serverBinary } from './binaries.ts'
import { startChild, type Child } from './children.ts'
import { freePorts } from './ports.ts'
import { Api } from './request.ts'
import { until } from './until.ts'
import { rows, text } from './value.ts'

/** One Consul agent that may be stopped, killed, wiped and started again. */
export class ConsulAgent {
  #child: Child | undefined
  readonly #folder: string

  readonly name: string
  readonly https: number
  readonly serf: number
  readonly isServer: boolean
  readonly config: Readonly<Record<string, unknown>>
  readonly binary: string

  constructor(
    name: string,
    https: number,
    serf: number,
    isServer: boolean,
    folder: string,
    config: Readonly<Record<string, unknown>>,
    binary: string,
  ) {
    this.name = name
    this.https = https
    this.serf = serf
    this.isServer = isServer
    this.config = config
    this.binary = binary
    this.#folder = join(folder, name)
    mkdirSync(this.#folder, { recursive: true })
    writeFileSync(join(this.#folder, 'agent.json'), JSON.stringify({ ...config, data_dir: join(this.#folder, 'data') }))
  }

  get isRunning(): boolean {
    return this.#child?.isRunning() === true
  }

  start(): void {
    this.#child = startChild('agent', [this.binary, 'agent', `-config-file=${join(this.#folder, 'agent.json')}`], { folder: this.#folder })
  }

  async kill(): Promise<void> {
    await this.#child?.kill()
  }

  /** SIGTERM: a client leaves, a server does not. */
  async terminate(): Promise<void> {
    await this.#child?.end(20_000)
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.signal(name)
  }

  /** Forgets everything; only of an agent that is down. */
  wipe(): void {
    rmSync(join(this.#folder, 'data'), { recursive: true, force: true })
  }
}

export interface ConsulOptions {
  readonly servers: number
  readonly clients: number
  readonly settings?: Readonly<Record<string, unknown>>
}

/** Servers and clients of one Consul datacenter on the loopback, with persistent data, TLS and default deny. */
export class ConsulCluster {
  readonly servers: readonly ConsulAgent[]
  readonly clients: readonly ConsulAgent[]
  readonly api: Api

  private constructor(
    servers: readonly ConsulAgent[],
    clients: readonly ConsulAgent[],
    api: Api,
  ) {
    this.servers = servers
    this.clients = clients
    this.api = api
  }

  /** Starts a datacenter and waits until it leads and every agent is a member that passes. */
  static async start(folder: string, authority: Authority, options: ConsulOptions): Promise<ConsulCluster> {
    const binary = await serverBinary('consul')
    const token = randomUUID()
    const count = options.servers + options.clients
    const ports = await freePorts(3 * count)
    const joins = Array.from({ length: options.servers }, (_, position) => `127.0.0.1:${ports[3 * position + 1] ?? 0}`)
    const agents = Array.from({ length: count }, (_, position) => {
      const [https = 0, serf = 0, rpc = 0] = ports.slice(3 * position)
      const isServer = position < options.servers
      const name = isServer ? `k${position + 1}` : `a${position - options.servers + 1}`
      const own = isServer ? { server: true, bootstrap_expect: options.servers } : { server: false }
      const config = { ...settings(name, token, authority), ...own, ports: { ...OFF, https, serf_lan: serf, server: rpc }, retry_join: joins, ...options.settings }
      return new ConsulAgent(name, https, serf, isServer, folder, config, binary)
    })
    const cluster = new ConsulCluster(agents.filter(({ isServer }) => isServer), agents.filter(({ isServer }) => !isServer), new Api(authority.ca, 'X-Consul-Token', token))
    for (const agent of agents) agent.start()
    await cluster.settled(count)
    return cluster
  }

  /** Waits until the datacenter leads and this many nodes pass. */
  async settled(count: number, within = 60_000): Promise<void> {
    await until(`${count} Consul nodes pass`, async () => rows(await this.get('/v1/health/state/passing')).filter(({ CheckID }) => CheckID === 'serfHealth').length === count, within)
  }

  port(): number {
    return (this.servers.find(({ isRunning }) => isRunning) ?? this.server(0)).https
  }

  server(position: number): ConsulAgent {
    const found = this.servers[position]
    if (found === undefined) throw new Error(`no Consul server ${position}`)
    return found
  }

  client(position: number): ConsulAgent {
    const found = this.clients[position]
    if (found === undefined) throw new Error(`no Consul client ${position}`)
    return found
  }

  get(path: string): Promise<unknown> {
    return this.api.ask(this.port(), 'GET', path)
  }

  put(path: string, body: unknown = {}): Promise<unknown> {
    return this.api.ask(this.port(), 'PUT', path, body)
  }

  /** Registers a service at one agent. */
  register(agent: ConsulAgent, service: Readonly<Record<string, unknown>>): Promise<unknown> {
    return this.api.ask(agent.https, 'PUT', '/v1/agent/service/register', service)
  }

  deregister(agent: ConsulAgent, id: string): Promise<unknown> {
    return this.api.ask(agent.https, 'PUT', `/v1/agent/service/deregister/${encodeURIComponent(id)}`)
  }

  /** Sets the state of a TTL check. */
  check(agent: ConsulAgent, id: string, status: 'passing' | 'warning' | 'critical'): Promise<unknown> {
    return this.api.ask(agent.https, 'PUT', `/v1/agent/check/update/${encodeURIComponent(id)}`, { Status: status, Output: status })
  }

  /** A token with these rules; gives its secret and accessor. */
  async token(rules: string): Promise<{ readonly secret: string; readonly accessor: string; readonly policy: string }> {
    const made = await this.put('/v1/acl/policy', { Name: `p-${randomUUID().slice(0, 8)}`, Rules: rules })
    const policy = text(made, 'ID')
    const token = await this.put('/v1/acl/token', { Policies: [{ ID: policy }] })
    return { secret: text(token, 'SecretID'), accessor: text(token, 'AccessorID'), policy }
  }

  async leader(): Promise<ConsulAgent> {
    const port = await until('Consul has a leader', async () => String(await this.get('/v1/status/leader')).split(':')[1])
    const found = this.servers.find(({ config }) => JSON.stringify(config['ports']).includes(`"server":${port}`))
    if (found === undefined) throw new Error(`Consul's leader listens on ${port}, which is no server of this cluster`)
    return found
  }

  async stop(): Promise<void> {
    this.api.close()
    await Promise.all([...this.clients, ...this.servers].map((agent) => agent.kill()))
  }
}

const OFF = { http: -1, dns: -1, grpc: -1, grpc_tls: -1, serf_wan: -1 } as const

function settings(name: string, token: string, authority: Authority): Record<string, unknown> {
  return {
    node_name: name,
    datacenter: 'dc1',
    bind_addr: '127.0.0.1',
    client_addr: '127.0.0.1',
    retry_interval: '1s',
    acl: { enabled: true, default_policy: 'deny', enable_token_persistence: false, tokens: { initial_management: token, agent: token, default: '' } },
    tls: {
      defaults: { ca_file: authority.ca, cert_file: authority.certificate, key_file: authority.key, verify_incoming: false, verify_outgoing: true },
      internal_rpc: { verify_server_hostname: true },
    },
    performance: { raft_multiplier: 1 },
    // A server that does not answer for a while is not taken out of the catalogue: the absence would be true.
    autopilot: { cleanup_dead_servers: false },
    connect: { enabled: false },
    disable_update_check: true,
    log_level: 'WARN',
  }
}
