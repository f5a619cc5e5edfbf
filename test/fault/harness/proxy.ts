import { connect, createServer, type Server, type Socket } from 'node:net'

/** How bytes pass: `drop` swallows them and every FIN (half-open), `stall` leaves them in the kernel's buffers until the sender blocks. */
export type Mode = 'pass' | 'stall' | 'drop' | 'refuse'

interface Pair {
  readonly client: Socket
  readonly upstream: Socket
  /** Bytes that went to the client. */
  passed: number
}

/** A TCP proxy between the sidecar and one agent; TLS passes through it untouched, so a fault is one of the network alone. */
export class Proxy {
  readonly #server: Server
  readonly #pairs = new Set<Pair>()
  #mode: Mode = 'pass'
  #rate = Number.POSITIVE_INFINITY
  #cutAt = Number.POSITIVE_INFINITY
  /** Connections that were accepted so far. */
  accepted = 0

  readonly port: number
  target: number

  private constructor(
    server: Server,
    port: number,
    target: number,
  ) {
    this.port = port
    this.target = target
    this.#server = server
  }

  /** Listens on a port of its own in front of that of an agent. */
  static async open(target: number): Promise<Proxy> {
    const server = createServer()
    const port = await new Promise<number>((resolve, reject) => {
      server.once('error', reject)
      server.listen(0, '127.0.0.1', () => {
        const address = server.address()
        resolve(typeof address === 'object' && address !== null ? address.port : 0)
      })
    })
    const proxy = new Proxy(server, port, target)
    server.on('connection', (client) => proxy.#accept(client))
    return proxy
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#pairs.size
  }

  get url(): string {
    return `https://127.0.0.1:${this.port}`
  }

  get mode(): Mode {
    return this.#mode
  }

  set mode(mode: Mode) {
    this.#mode = mode
    if (mode === 'refuse') this.cut()
    for (const { client, upstream } of this.#pairs) {
      if (mode === 'stall') upstream.pause()
      else {
        upstream.resume()
        client.resume()
      }
    }
  }

  /** Bytes per second that each connection gives its client from now on. */
  drip(bytesPerSecond: number): void {
    this.#rate = bytesPerSecond
  }

  /** Ends the connection that passes this many bytes to its client, at exactly that byte; then everything passes. */
  cutAfter(bytes: number): void {
    this.#cutAt = bytes
    for (const pair of this.#pairs) pair.passed = 0
  }

  /** Ends every connection, in order (FIN). */
  cut(): void {
    for (const { client, upstream } of this.#pairs) {
      client.destroy()
      upstream.destroy()
    }
  }

  /** Ends every connection with RST. */
  reset(): void {
    for (const { client, upstream } of this.#pairs) {
      client.resetAndDestroy()
      upstream.destroy()
    }
  }

  async close(): Promise<void> {
    this.cut()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  #accept(client: Socket): void {
    this.accepted += 1
    if (this.#mode === 'refuse') {
      client.resetAndDestroy()
      return
    }
    const upstream = connect(this.target, '127.0.0.1')
    const pair: Pair = { client, upstream, passed: 0 }
    this.#pairs.add(pair)
    if (this.#mode === 'stall') upstream.pause()
    client.setNoDelay(true)
    upstream.setNoDelay(true)
    client.on('data', (part) => {
      if (this.#mode !== 'drop' && !upstream.write(part)) pauseUntilDrained(client, upstream)
    })
    upstream.on('data', (part) => this.#down(pair, Buffer.from(part)))
    const gone = (other: Socket) => (): void => {
      if (this.#mode === 'drop') return
      this.#pairs.delete(pair)
      other.destroy()
    }
    client.on('error', () => client.destroy())
    upstream.on('error', () => upstream.destroy())
    client.on('close', gone(upstream))
    upstream.on('close', gone(client))
  }

  #down(pair: Pair, part: Buffer): void {
    if (this.#mode === 'drop') return
    if (pair.passed + part.length >= this.#cutAt) {
      pair.client.end(part.subarray(0, this.#cutAt - pair.passed))
      pair.upstream.destroy()
      this.#cutAt = Number.POSITIVE_INFINITY
      return
    }
    pair.passed += part.length
    if (this.#rate !== Number.POSITIVE_INFINITY) {
      pair.upstream.pause()
      this.#dripped(pair, part)
    } else if (!pair.client.write(part)) pauseUntilDrained(pair.upstream, pair.client)
  }

  /** Gives a tenth of a second's share each tenth of a second; the upstream waits meanwhile. */
  #dripped(pair: Pair, rest: Buffer): void {
    if (pair.client.destroyed) return
    const share = Math.max(1, Math.ceil(this.#rate / 10))
    pair.client.write(rest.subarray(0, share))
    const left = rest.subarray(share)
    if (left.length > 0) setTimeout(() => this.#dripped(pair, left), 100).unref()
    else if (this.#mode !== 'stall') pair.upstream.resume()
  }
}

function pauseUntilDrained(source: Socket, sink: Socket): void {
  source.pause()
  sink.once('drain', () => source.resume())
}
