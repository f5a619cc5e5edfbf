import { readFileSync } from 'node:fs'
import { Agent, request as open } from 'node:https'
import { isRow } from './value.ts'

/** What a server said. */
export interface Answer {
  readonly status: number
  readonly header: (name: string) => string
  /** Parsed where it is JSON, else its text. */
  readonly body: unknown
}

/** Speaks to one cluster: TLS verified, one token. */
export class Api {
  readonly #agent: Agent

  readonly header: 'X-Nomad-Token' | 'X-Consul-Token'
  readonly token: string

  constructor(
    ca: string,
    header: 'X-Nomad-Token' | 'X-Consul-Token',
    token: string,
  ) {
    this.header = header
    this.token = token
    // Another loopback address than the sidecar's, so that limits per client do not count these calls as its own.
    this.#agent = new Agent({ ca: readFileSync(ca), keepAlive: true, maxSockets: 16, localAddress: '127.0.0.77' })
  }

  /** One call; rejects when there is no answer within the time given. */
  call(port: number, method: string, path: string, body?: unknown, token = this.token, timeout = 15_000): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const headers = token === '' ? {} : { [this.header]: token }
      const sent = open({ host: '127.0.0.1', port, method, path, headers, agent: this.#agent, timeout }, (response) => {
        const parts: Buffer[] = []
        response.on('data', (part: Buffer) => parts.push(part))
        response.on('error', reject)
        response.on('end', () => {
          const said = Buffer.concat(parts)
          resolve({ status: response.statusCode ?? 0, header: (name) => String(response.headers[name.toLowerCase()] ?? ''), body: parsed(said) })
        })
      })
      sent.on('timeout', () => sent.destroy(new Error(`${method} ${path}: no answer in ${timeout} ms`)))
      sent.on('error', reject)
      sent.end(Buffer.isBuffer(body) ? body : body === undefined ? undefined : JSON.stringify(body))
    })
  }

  /** The body of a call that succeeds; anything but 2xx throws. */
  async ask(port: number, method: string, path: string, body?: unknown): Promise<unknown> {
    const { status, body: said } = await this.call(port, method, path, body)
    if (status < 200 || status > 299) throw new Error(`${method} ${path}: ${status} ${isRow(said) ? JSON.stringify(said) : String(said)}`)
    return said
  }

  close(): void {
    this.#agent.destroy()
  }
}

function parsed(said: Buffer): unknown {
  if (said.length > 0 && (said[0] === 0x7b || said[0] === 0x5b || said[0] === 0x22 || said[0] === 0x74 || said[0] === 0x66)) {
    try {
      return JSON.parse(said.toString())
    } catch {
      return said
    }
  }
  return said.length > 1_000 ? said : said.toString()
}
