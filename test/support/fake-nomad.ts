import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'

/** Files of a certificate. */
export interface Certified {
  readonly certificate: string
  readonly key: string
}

/** One frame of the stream, as bytes without its newline. */
export interface Line {
  readonly index: number
  readonly bytes: string | Buffer
}

/** Frames that are kept for readers that come again, as `event_buffer_size` does. */
const BUFFER = 100
/** Rows of one page of a list, where the reader asks for none. */
const PAGE = 1_000

/**
 * A double of a Nomad server for loads and hostile lines that a real one will not give: it keeps the stream's contract (a heartbeat at
 * once, replay from the index asked for) and that of lists (`X-Nomad-Index`, pages), over lists that were recorded from a real server.
 */
export class FakeNomad {
  readonly #server: Server
  readonly #readers = new Set<ServerResponse>()
  readonly #buffer: Line[] = []
  readonly #beats: NodeJS.Timeout
  readonly port: number
  /** Bodies of lists by path without query; each a list of JSON texts, one per row. */
  readonly lists = new Map<string, readonly string[]>()
  /** Bodies of single objects by path without query. */
  readonly objects = new Map<string, string>()
  index = 100
  /** Bytes written into streams. */
  streamed = 0
  /** Requests by path without query. */
  readonly asked = new Map<string, number>()

  private constructor(server: Server, port: number) {
    this.#server = server
    this.port = port
    this.#beats = setInterval(() => this.#write('{}\n'), 10_000)
    this.#beats.unref()
  }

  /** Listens on the loopback. */
  static async open({ certificate, key }: Certified): Promise<FakeNomad> {
    const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) })
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        const address = server.address()
        resolve(typeof address === 'object' && address !== null ? address.port : 0)
      })
    })
    const fake = new FakeNomad(server, port)
    server.on('request', (asked, response) => fake.#answer(asked, response))
    server.on('tlsClientError', () => undefined)
    return fake
  }

  get url(): string {
    return `https://127.0.0.1:${this.port}`
  }

  get readers(): number {
    return this.#readers.size
  }

  /** Says one line to every reader, and keeps it for those that come again. */
  say(line: Line): void {
    this.index = Math.max(this.index, line.index)
    this.#buffer.push(line)
    if (this.#buffer.length > BUFFER) this.#buffer.shift()
    this.#write(line.bytes)
    this.#write('\n')
  }

  /** Says bytes as they are and keeps nothing of them. */
  utter(bytes: string | Buffer): void {
    this.#write(bytes)
  }

  /** Empties the buffer of frames, as a restart does. */
  forget(): void {
    this.#buffer.length = 0
  }

  /** Ends every stream. */
  hangUp(): void {
    for (const reader of this.#readers) reader.destroy()
  }

  async close(): Promise<void> {
    clearInterval(this.#beats)
    this.#server.closeAllConnections()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  #write(bytes: string | Buffer): void {
    for (const reader of this.#readers) {
      reader.write(bytes)
      this.streamed += bytes.length
    }
  }

  #answer(asked: IncomingMessage, response: ServerResponse): void {
    const url = new URL(asked.url ?? '/', this.url)
    this.asked.set(url.pathname, (this.asked.get(url.pathname) ?? 0) + 1)
    if (url.pathname === '/v1/event/stream') return this.#stream(Number(url.searchParams.get('index') ?? 0), response)
    const list = this.lists.get(url.pathname)
    const object = this.objects.get(url.pathname)
    if (list !== undefined) this.#page(list, url, response)
    else if (object !== undefined) this.#say(response, object, {})
    else response.writeHead(404, { 'content-type': 'text/plain' }).end('not found')
  }

  #stream(from: number, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'application/json', connection: 'close' })
    response.write('{}\n')
    const first = this.#buffer.findIndex(({ index }) => index >= from)
    const replay = first < 0 ? this.#buffer.slice(-1) : this.#buffer.slice(first)
    for (const { bytes } of replay) {
      response.write(bytes)
      response.write('\n')
    }
    this.#readers.add(response)
    response.on('close', () => this.#readers.delete(response))
  }

  /** A page as Nomad gives it: the token names the row that the next one begins with. */
  #page(rows: readonly string[], url: URL, response: ServerResponse): void {
    // A blocking query waits until something changes; nothing of a list does while it is asked for, so it waits its time out.
    const after = Number(url.searchParams.get('index') ?? 0)
    if (after >= this.index) {
      const wait = Number.parseFloat(url.searchParams.get('wait') ?? '60') * 1_000
      const timer = setTimeout(() => this.#page(rows, new URL(url.pathname, this.url), response), wait)
      response.on('close', () => clearTimeout(timer))
      return
    }
    const size = Number(url.searchParams.get('per_page') ?? 0) || rows.length || PAGE
    const start = Number(url.searchParams.get('next_token') ?? 0)
    const end = start + size
    this.#say(response, `[${rows.slice(start, end).join(',')}]`, end < rows.length ? { 'x-nomad-nexttoken': String(end) } : {})
  }

  #say(response: ServerResponse, body: string, more: Readonly<Record<string, string>>): void {
    response.writeHead(200, { 'content-type': 'application/json', 'x-nomad-index': String(this.index), 'x-nomad-knownleader': 'true', 'x-nomad-lastcontact': '0', 'content-length': Buffer.byteLength(body), ...more })
    response.end(body)
  }
}
