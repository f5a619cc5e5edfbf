import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, request, type Server } from 'node:https'
import type { Authority } from './authority.ts'

/** What a relay does to one exchange; whatever is left out is left as the real server says it. */
export interface Twist {
  /** Answers by itself; true when it did. */
  readonly answer?: (asked: IncomingMessage, response: ServerResponse) => boolean
  /** Rewrites a piece of the real body. */
  readonly rewrite?: (path: string, piece: string) => string
}

/**
 * A double in front of a real agent that terminates TLS and passes every request on, for the cases in which a real server of this version
 * will not say what another version says: it twists single answers, and everything else stays real.
 */
export class Relay {
  readonly port: number
  readonly #server: Server
  readonly #streams = new Set<ServerResponse>()
  twist: Twist = {}
  /** Requests by path without query. */
  readonly asked = new Map<string, number>()

  private constructor(server: Server, port: number) {
    this.#server = server
    this.port = port
  }

  /** Listens in front of an agent's port. */
  static async open(target: number, authority: Authority): Promise<Relay> {
    const ca = readFileSync(authority.ca)
    const server = createServer({ cert: readFileSync(authority.certificate), key: readFileSync(authority.key) })
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        const address = server.address()
        resolve(typeof address === 'object' && address !== null ? address.port : 0)
      })
    })
    const relay = new Relay(server, port)
    server.on('request', (asked, response) => relay.#pass(asked, response, target, ca))
    server.on('tlsClientError', () => undefined)
    return relay
  }

  get url(): string {
    return `https://127.0.0.1:${this.port}`
  }

  /** Open event streams. */
  get streams(): number {
    return this.#streams.size
  }

  /** Writes text into every open stream, as if the server had said it, and ends it when asked. */
  say(text: string | Buffer, isEnd = false): void {
    for (const response of this.#streams) {
      response.write(text)
      if (isEnd) response.end()
    }
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  #pass(asked: IncomingMessage, response: ServerResponse, target: number, ca: Buffer): void {
    const url = asked.url ?? '/'
    const path = url.split('?')[0] ?? url
    this.asked.set(path, (this.asked.get(path) ?? 0) + 1)
    if (this.twist.answer?.(asked, response) === true) return
    const { rewrite } = this.twist
    const upstream = request({ host: '127.0.0.1', port: target, method: asked.method, path: url, headers: { ...asked.headers, host: `127.0.0.1:${target}` }, ca, agent: false }, (real) => {
      // How long its connection lasts is each hop's own.
      const { 'content-length': _, 'transfer-encoding': __, connection: ___, ...headers } = real.headers
      response.writeHead(real.statusCode ?? 502, headers)
      if (path === '/v1/event/stream') this.#streams.add(response)
      if (rewrite === undefined) real.pipe(response)
      else {
        let rest = ''
        real.setEncoding('utf8')
        real.on('data', (part: string) => {
          const lines = (rest + part).split('\n')
          rest = lines.pop() ?? ''
          for (const line of lines) response.write(rewrite(path, `${line}\n`))
        })
        real.on('end', () => response.end(rewrite(path, rest)))
      }
      real.on('error', () => response.destroy())
    })
    upstream.on('error', () => response.destroy())
    response.on('close', () => {
      this.#streams.delete(response)
      upstream.destroy()
    })
    asked.pipe(upstream)
  }
}
