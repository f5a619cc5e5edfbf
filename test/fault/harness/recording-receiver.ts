import { createServer, type Server, type Socket } from 'node:net'
import { rmSync } from 'node:fs'
import { envelopeOf, type Envelope } from './envelope.ts'
import { frame, unframed } from './frames.ts'
import { number, rows, text } from './value.ts'

/**
 * A double of the master's engine that keeps wire protocol 1, for the cases where the receiver must misbehave as the real one will not
 * on demand: absent for minutes, one event a second, silent. What it acknowledged it never forgets, as the inbox would not.
 */
export class RecordingReceiver {
  readonly socket: string
  readonly #kept: Envelope[] = []
  readonly #ids = new Set<string>()
  readonly #last = new Map<string, number>()
  readonly #cursors = new Map<string, { readonly epoch: string; readonly index: number }>()
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  /** Envelopes that it takes in a second. */
  rate = Number.POSITIVE_INFINITY
  /** How often an envelope came again that was kept already. */
  duplicates = 0
  /** What went against the protocol: a gap in `seq`, a batch before hello. */
  readonly violations: string[] = []
  #status: unknown

  constructor(socket: string) {
    this.socket = socket
  }

  /** Envelopes that it acknowledged, each id once. */
  get kept(): readonly Envelope[] {
    return this.#kept
  }

  /** The last status that a sidecar sent. */
  get status(): unknown {
    return this.#status
  }

  get connections(): number {
    return this.#sockets.size
  }

  /** Listens; what came before is remembered. */
  async start(): Promise<void> {
    rmSync(this.socket, { force: true })
    const server = createServer((socket) => this.#serve(socket))
    this.#server = server
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(this.socket, resolve)
    })
  }

  /** Goes away, as a master does that is down: no socket to connect to. */
  async stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    for (const socket of this.#sockets) socket.destroy()
    if (server !== undefined) await new Promise<void>((resolve) => server.close(() => resolve()))
    rmSync(this.socket, { force: true })
  }

  #serve(socket: Socket): void {
    let rest: Buffer = Buffer.alloc(0)
    let epoch = ''
    let turn = Promise.resolve()
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.on('data', (part) => {
      const read = unframed(Buffer.concat([rest, Buffer.from(part)]))
      rest = read.rest
      for (const message of read.messages) {
        const kind = text(message, 'kind')
        if (kind === 'hello') {
          epoch = text(message, 'epoch')
          socket.write(frame({ kind: 'welcome', protocol: 1, last_seq: this.#last.get(epoch) ?? 0, cursors: Object.fromEntries(this.#cursors), max_event: 65_536, max_batch: 500 }))
        } else if (kind === 'batch') turn = turn.then(() => this.#batch(socket, epoch, message))
        else if (kind === 'status') this.#status = message
      }
    })
  }

  async #batch(socket: Socket, epoch: string, message: unknown): Promise<void> {
    if (epoch === '') this.violations.push('a batch before hello')
    for (const body of rows(message, 'events')) {
      if (this.rate !== Number.POSITIVE_INFINITY) await new Promise((resolve) => setTimeout(resolve, 1_000 / this.rate))
      if (socket.destroyed) return
      const one = envelopeOf(body)
      const last = this.#last.get(one.epoch) ?? 0
      if (one.seq > last + 1) {
        this.violations.push(`seq ${one.seq} after ${last} of ${one.epoch}`)
        socket.end(frame({ kind: 'error', code: 'gap', reason: `seq ${one.seq} after ${last}`, expected_seq: last + 1 }))
        return
      }
      this.#keep(one)
      if (this.rate !== Number.POSITIVE_INFINITY) socket.write(frame({ kind: 'ack', epoch, seq: one.seq, refused: [] }))
    }
    socket.write(frame({ kind: 'ack', epoch, seq: this.#last.get(epoch) ?? 0, refused: [] }))
  }

  #keep(one: Envelope): void {
    const last = this.#last.get(one.epoch) ?? 0
    this.#last.set(one.epoch, Math.max(last, one.seq))
    const name = text(one.source, 'name')
    const index = number(one.source, 'index')
    const before = this.#cursors.get(name)
    if (before === undefined || before.epoch !== text(one.source, 'epoch') || before.index < index) this.#cursors.set(name, { epoch: text(one.source, 'epoch'), index })
    if (this.#ids.has(one.id)) {
      this.duplicates += 1
      return
    }
    this.#ids.add(one.id)
    this.#kept.push(one)
  }
}
