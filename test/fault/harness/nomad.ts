import { randomUUID } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import type { Authority } from './authority.ts'
import { serverBinary } from './binaries.ts'
import { agentSettings, clientSettings, NomadAgent, serverSettings, type NomadOptions, type Ports } from './nomad-agent.ts'
import { freePorts } from './ports.ts'
import { Api, type Answer } from './request.ts'
import { until } from './until.ts'
import { rows, text, type Row } from './value.ts'

/** Servers and clients of one Nomad region on the loopback, with persistent data, TLS and ACLs. */
export class NomadCluster {
  readonly servers: readonly NomadAgent[]
  readonly clients: readonly NomadAgent[]
  readonly api: Api
  readonly authority: Authority
  readonly binary: string

  private constructor(
    servers: readonly NomadAgent[],
    clients: readonly NomadAgent[],
    api: Api,
    authority: Authority,
    binary: string,
  ) {
    this.servers = servers
    this.clients = clients
    this.api = api
    this.authority = authority
    this.binary = binary
  }

  /** Starts a cluster and waits until it has a leader and every client is ready. */
  static async start(folder: string, authority: Authority, options: NomadOptions): Promise<NomadCluster> {
    const binary = options.binary ?? (await serverBinary('nomad'))
    const ports = await agentPorts(options.buffers.length + options.clients)
    const serving = ports.slice(0, options.buffers.length)
    const agents = ports.map((own, position) => {
      const buffer = options.buffers[position]
      const isServer = buffer !== undefined
      const name = isServer ? `s${position + 1}` : `c${position - options.buffers.length + 1}`
      const part = isServer ? serverSettings(options.buffers.length, buffer, serving) : clientSettings(serving)
      return new NomadAgent(name, own, isServer, folder, { ...agentSettings(name, own, authority), ...part, ...options.settings }, binary)
    })
    const servers = agents.filter(({ isServer }) => isServer)
    const token = randomUUID()
    const cluster = new NomadCluster(servers, agents.filter(({ isServer }) => !isServer), new Api(authority.ca, 'X-Nomad-Token', token), authority, binary)
    for (const server of servers) server.start()
    await until('Nomad has a bootstrapped leader', () => cluster.bootstrapped())
    for (const client of cluster.clients) client.start()
    await until('every Nomad client is ready', async () => rows(await cluster.get('/v1/nodes')).filter(({ Status }) => Status === 'ready').length === options.clients, 60_000)
    return cluster
  }

  /** Gives a cluster that has none its management token, the same one always; true when it has it. */
  async bootstrapped(): Promise<boolean> {
    const { status, body } = await this.api.call(this.port(), 'POST', '/v1/acl/bootstrap', { BootstrapSecret: this.api.token }, '')
    return status === 200 || String(body).includes('already')
  }

  /** The HTTPS port of the first server that runs. */
  port(): number {
    const running = this.servers.find(({ isRunning }) => isRunning)
    return (running ?? this.server(0)).ports.http
  }

  server(position: number): NomadAgent {
    const found = this.servers[position]
    if (found === undefined) throw new Error(`no Nomad server ${position}`)
    return found
  }

  client(position: number): NomadAgent {
    const found = this.clients[position]
    if (found === undefined) throw new Error(`no Nomad client ${position}`)
    return found
  }

  get(path: string): Promise<unknown> {
    return this.api.ask(this.port(), 'GET', path)
  }

  post(path: string, body: unknown = {}): Promise<unknown> {
    return this.api.ask(this.port(), 'POST', path, body)
  }

  put(path: string, body: unknown = {}): Promise<unknown> {
    return this.api.ask(this.port(), 'PUT', path, body)
  }

  delete(path: string): Promise<unknown> {
    return this.api.ask(this.port(), 'DELETE', path)
  }

  call(method: string, path: string, body?: unknown): Promise<Answer> {
    return this.api.call(this.port(), method, path, body)
  }

  /** What the `nomad` command answers, asked of the first server that runs. */
  command(...args: readonly string[]): string {
    const env = { PATH: process.env['PATH'] ?? '', NOMAD_ADDR: `https://127.0.0.1:${this.port()}`, NOMAD_CACERT: this.authority.ca, NOMAD_TOKEN: this.api.token }
    return execFileSync(this.binary, args, { env, encoding: 'utf8' })
  }

  /** The server that leads, waited for. */
  async leader(): Promise<NomadAgent> {
    const address = await until('Nomad has a leader', async () => String(await this.get('/v1/status/leader')).split(':')[1])
    const found = this.servers.find(({ ports }) => String(ports.rpc) === address)
    if (found === undefined) throw new Error(`Nomad's leader listens on ${address}, which is no server of this cluster`)
    return found
  }

  /** Makes this server the leader. */
  async lead(server: NomadAgent): Promise<void> {
    await until(`${server.name} leads`, async () => {
      if ((await this.leader()) === server) return true
      await this.put(`/v1/operator/raft/transfer-leadership?address=127.0.0.1:${server.ports.rpc}`)
      return false
    }, 30_000, 500)
  }

  /** Waits until this server has applied what the leader has. */
  async caughtUp(server: NomadAgent): Promise<void> {
    await until(`${server.name} answers with a leader`, async () => (await this.api.call(server.ports.http, 'GET', '/v1/jobs?stale')).header('x-nomad-knownleader') === 'true')
  }

  /** A token with these rules; gives its secret and accessor. */
  async token(rules: string, extra: Readonly<Record<string, unknown>> = {}): Promise<{ readonly secret: string; readonly accessor: string; readonly policy: string }> {
    const policy = `p-${randomUUID().slice(0, 8)}`
    await this.post(`/v1/acl/policy/${policy}`, { Name: policy, Rules: rules })
    const made = await this.post('/v1/acl/token', { Name: policy, Type: 'client', Policies: [policy], ...extra })
    return { secret: text(made, 'SecretID'), accessor: text(made, 'AccessorID'), policy }
  }

  /** Registers a job. */
  run(job: Row): Promise<unknown> {
    const namespace = typeof job['Namespace'] === 'string' ? job['Namespace'] : 'default'
    return this.post(`/v1/jobs?namespace=${encodeURIComponent(namespace)}`, { Job: job })
  }

  /** Every allocation of a job, as the list has it. */
  async allocations(job: string, namespace = 'default'): Promise<Row[]> {
    return rows(await this.get(`/v1/job/${encodeURIComponent(job)}/allocations?all=true&namespace=${encodeURIComponent(namespace)}`))
  }

  async stop(): Promise<void> {
    this.api.close()
    await Promise.all([...this.clients, ...this.servers].map((agent) => agent.kill()))
  }
}

async function agentPorts(count: number): Promise<Ports[]> {
  const ports = await freePorts(3 * count)
  return Array.from({ length: count }, (_, position) => {
    const [http = 0, rpc = 0, serf = 0] = ports.slice(3 * position)
    return { http, rpc, serf }
  })
}
