import { rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import type { Json } from '../../src/sidecar/fact.ts'
import { isObject } from '../../src/sidecar/envelope/text.ts'
import { encodeFrame, FrameReader } from '../../src/sidecar/sender/frames.ts'

/** One envelope as it arrived. */
export interface Arrived {
  readonly id: string
  readonly epoch: string
  readonly seq: number
  readonly event: string
  readonly verb: string
  readonly tag: string
  readonly text: string
}

/** How the double behaves; each can be changed while it runs. */
export interface Manners {
  /** Takes batches without ever answering. */
  isSilent: boolean
  /** Envelopes that are refused, by id. */
  readonly refuses: Set<string>
  /** Digest of the one event that it knows; a sidecar that has it otherwise, or does not tell, is refused. */
  digest: string
}

/**
 * A double of the engine `eos_bridge`, held to wire protocol 1: it greets, takes batches in order without a gap, acknowledges
 * what it keeps, drops what it has by id, and closes with an error where the protocol is broken. What it keeps outlives a restart.
 */
export class Engine {
  readonly manners: Manners = { isSilent: false, refuses: new Set(), digest: '' }
  /** Everything that was kept, by id, in the order of arrival. */
  readonly inbox = new Map<string, Arrived>()
  /** Last number of each epoch. */
  readonly last = new Map<string, number>()
  /** Breaches of the protocol; a test that wants none says so. */
  readonly breaches: string[] = []
  readonly hellos: { readonly role: string; readonly epoch: string; readonly instance: string }[] = []
  readonly statuses: Json[] = []
  duplicates = 0
  /** Greetings of sidecars with another contract. */
  refusals = 0
  /** Highest index that was kept, by source. */
  readonly #cursors = new Map<string, { readonly epoch: string; readonly index: number }>()
  readonly #path: string
  readonly #sockets = new Set<Socket>()
  #server: Server | null = null

  constructor(path: string) {
    this.#path = path
  }

  async start(): Promise<void> {
    rmSync(this.#path, { force: true })
    const server = createServer((socket) => this.#serve(socket))
    this.#server = server
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(this.#path, resolve)
    })
  }

  /** Ends every connection and the socket; what was kept stays. */
  async stop(): Promise<void> {
    const server = this.#server
    this.#server = null
    for (const socket of this.#sockets) socket.destroy()
    if (server !== null) await new Promise((resolve) => server.close(resolve))
  }

  /** Cuts every connection, as a crash would. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  /** Numbers of an epoch in the order in which they were kept first. */
  numbers(epoch: string): number[] {
    return [...this.inbox.values()].filter((one) => one.epoch === epoch).map(({ seq }) => seq)
  }

  #serve(socket: Socket): void {
    const reader = new FrameReader()
    let epoch: string | null = null
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.on('data', (bytes: Buffer) => {
      for (const text of reader.push(bytes)) {
        const message: Json = JSON.parse(text)
        if (!isObject(message)) return this.#breach(socket, 'a frame that is no object')
        if (message['kind'] === 'hello') epoch = this.#greet(socket, message)
        else if (epoch === null) return this.#breach(socket, 'no hello first')
        else if (message['kind'] === 'status') this.statuses.push(message)
        else if (message['kind'] === 'batch') this.#take(socket, epoch, message['events'])
        else return this.#breach(socket, `kind ${JSON.stringify(message['kind'])}`)
      }
    })
  }

  #greet(socket: Socket, hello: { readonly [key: string]: Json }): string {
    const epoch = String(hello['epoch'])
    if (hello['protocol'] !== 1 || hello['schema'] !== 1) this.#breach(socket, 'protocol or schema is not 1')
    this.hellos.push({ role: String(hello['role']), epoch, instance: String(hello['instance']) })
    const { contract } = hello
    if (this.manners.digest !== '' && !(isObject(contract) && contract['bridge'] === this.manners.digest)) {
      this.refusals += 1
      socket.end(encodeFrame({ kind: 'error', code: 'EOS711', reason: 'the engine is older: install', older: 'engine' }))
      return epoch
    }
    if (!this.manners.isSilent) socket.write(encodeFrame({ kind: 'welcome', protocol: 1, last_seq: this.last.get(epoch) ?? 0, cursors: Object.fromEntries(this.#cursors), max_event: 65536, max_batch: 500 }))
    return epoch
  }

  #take(socket: Socket, epoch: string, events: Json | undefined): void {
    if (this.manners.isSilent) return
    const list: readonly Json[] = Array.isArray(events) ? events : []
    const refused: object[] = []
    let seq = this.last.get(epoch) ?? 0
    for (const one of list) {
      const arrived = arrivedOf(one)
      if (arrived.epoch !== epoch || arrived.seq > seq + 1) return this.#breach(socket, `number ${arrived.seq} of ${arrived.epoch} after ${seq} of ${epoch}`)
      if (arrived.seq <= seq) continue
      seq = arrived.seq
      if (this.manners.refuses.has(arrived.id)) refused.push({ seq, code: 'EOS702', reason: 'the test refuses it' })
      else if (this.inbox.has(arrived.id)) this.duplicates += 1
      else this.#keep(arrived, one)
    }
    this.last.set(epoch, seq)
    socket.write(encodeFrame({ kind: 'ack', epoch, seq, refused }))
  }

  #keep(arrived: Arrived, envelope: Json): void {
    this.inbox.set(arrived.id, arrived)
    const source = isObject(envelope) ? envelope['source'] : undefined
    if (!isObject(source)) return
    const [name, epoch, index] = [String(source['name']), String(source['epoch']), Number(source['index'])]
    const before = this.#cursors.get(name)
    if (before === undefined || before.epoch !== epoch || before.index < index) this.#cursors.set(name, { epoch, index })
  }

  #breach(socket: Socket, reason: string): void {
    this.breaches.push(reason)
    socket.end(encodeFrame({ kind: 'error', code: 'EOS701', reason }))
  }
}

function arrivedOf(one: Json): Arrived {
  if (!isObject(one)) throw new TypeError('an envelope that is no object')
  const text = (key: string): string => String(one[key])
  return { id: text('id'), epoch: text('epoch'), seq: Number(one['seq']), event: text('event'), verb: text('verb'), tag: text('tag'), text: JSON.stringify(one) }
}
