import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'

/** One check of the fake catalogue. */
export interface FakeCheck {
  readonly Node: string
  readonly CheckID: string
  readonly Status: string
  readonly ServiceID: string
  readonly ServiceName: string
  readonly CreateIndex: number
  readonly ModifyIndex: number
}

/** What several fake agents share: the catalogue of one cluster. */
export class FakeCatalogue {
  checks: FakeCheck[] = []
  nodes: string[] = []
  bare: string[] = []
  index = 100
  accessor = 'accessor-1'
  /** Accessors of other tokens than the first. */
  readonly others = new Map<string, string>()
  readonly wakes = new Set<() => void>()

  /** A catalogue of nodes with a number of services each. */
  static of(nodes: number, services: number): FakeCatalogue {
    const made = new FakeCatalogue()
    for (let node = 1; node <= nodes; node += 1) {
      made.nodes.push(`n${node}`)
      made.checks.push({ Node: `n${node}`, CheckID: 'serfHealth', Status: 'passing', ServiceID: '', ServiceName: '', CreateIndex: 5, ModifyIndex: 5 })
      for (let service = 1; service <= services; service += 1) {
        made.checks.push({ Node: `n${node}`, CheckID: `s${service}-ttl`, Status: 'passing', ServiceID: `s${service}-${node}`, ServiceName: `s${service}`, CreateIndex: 20, ModifyIndex: 20 })
      }
    }
    return made
  }

  /** A write: the index goes on, and every question that waits is answered. */
  write(change: (catalogue: FakeCatalogue) => void): void {
    change(this)
    this.index += 1
    this.wake()
  }

  /** Answers every question that waits. */
  wake(): void {
    const waiting = [...this.wakes]
    this.wakes.clear()
    for (const wake of waiting) wake()
  }
}

type Twisted = { readonly status?: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: unknown } | undefined
/** How an agent answers instead of telling the truth; undefined leaves it to the truth. A promise keeps the question waiting. */
export type Twist = (url: URL, answer: Readonly<Record<string, string>>) => Twisted | Promise<Twisted>

/** An agent on plain HTTP that answers from a catalogue; it can be told to lie. */
export class FakeAgent {
  readonly #catalogue: FakeCatalogue
  readonly #server: Server
  twist: Twist = () => undefined
  /** Paths with query that were asked for. */
  readonly asked: string[] = []
  port = 0

  private constructor(catalogue: FakeCatalogue) {
    this.#catalogue = catalogue
    this.#server = createServer((request, response) => this.#answer(request, response))
  }

  static async open(catalogue: FakeCatalogue): Promise<FakeAgent> {
    const agent = new FakeAgent(catalogue)
    await new Promise<void>((resolve) => agent.#server.listen(0, '127.0.0.1', resolve))
    const address = agent.#server.address()
    agent.port = typeof address === 'object' && address !== null ? address.port : 0
    return agent
  }

  get address(): string {
    return `http://127.0.0.1:${this.port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    // Closing twice is no mistake: a test may take an agent down before its end.
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', this.address)
    this.asked.push(`${url.pathname}${url.search}`)
    const after = Number(url.searchParams.get('index') ?? '0')
    if (after > 0 && after >= this.#catalogue.index) {
      const timer = setTimeout(() => void this.#say(url, request, response), Number.parseInt(url.searchParams.get('wait') ?? '0', 10))
      this.#catalogue.wakes.add(() => {
        clearTimeout(timer)
        void this.#say(url, request, response)
      })
      return
    }
    void this.#say(url, request, response)
  }

  async #say(url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const headers = {
      'x-consul-index': String(this.#catalogue.index),
      'x-consul-knownleader': 'true',
      'x-consul-lastcontact': '0',
      'x-consul-effective-consistency': url.searchParams.has('consistent') ? 'consistent' : 'leader',
    }
    const twisted = (await this.twist(url, headers)) ?? {}
    response.writeHead(twisted.status ?? 200, { 'content-type': 'application/json', ...headers, ...twisted.headers })
    response.end(typeof twisted.body === 'string' ? twisted.body : JSON.stringify(twisted.body ?? this.#truth(url.pathname, String(request.headers['x-consul-token']))))
  }

  #truth(path: string, token: string): unknown {
    const { checks, nodes, bare, accessor, others } = this.#catalogue
    if (path === '/v1/health/state/any') return checks
    if (path === '/v1/catalog/nodes') return nodes.map((Node) => ({ Node, CreateIndex: 4 }))
    if (path === '/v1/catalog/services') return Object.fromEntries([...checks.map(({ ServiceName }) => ServiceName), ...bare].filter((name) => name !== '').map((name) => [name, []]))
    if (path === '/v1/acl/token/self') return { AccessorID: others.get(token) ?? accessor }
    if (path.startsWith('/v1/catalog/node-services/')) return { Node: { Node: path.split('/').at(-1) }, Services: [] }
    const name = /^\/v1\/catalog\/service\/(.+)$/.exec(path)?.[1] ?? ''
    return bare.includes(name) ? [{ Node: 'n1', ServiceID: `${name}-1`, ServiceName: name, CreateIndex: 30, ModifyIndex: 30 }] : []
  }
}
