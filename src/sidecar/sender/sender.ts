import { Backoff } from '../backoff.ts'
import type { JournalClient } from '../journal/client.ts'
import type { Cursors, DeadRow, Keep, Snapshot } from '../journal/messages.ts'
import { newEpoch } from '../journal/epoch.ts'
import { messageOf, Refusal } from '../refusal.ts'
import { Connection } from './connection.ts'
import { broken, PROTOCOL, type FromEngine } from './protocol.ts'
import { Window } from './window.ts'

/** Batches on their way at once. */
const WINDOW = 4
/** Bytes of one batch; a frame may have 4 MiB. */
const BATCH_BYTES = 3 * 1024 * 1024

/** `active` sends facts, `standby` only says that it is there. */
export type Role = 'active' | 'standby'

/** What the sender needs to know. */
export interface SenderOptions {
  readonly socket: string
  readonly instance: string
  readonly version: string
  /** The events that facts are of, each with its digest: an engine that has another lets facts wait. */
  readonly contract: { readonly [event: string]: string }
  /** Milliseconds after which a standby greets again, to learn how far the inbox has come. */
  readonly refresh: number
  /** Milliseconds without an answer before the connection is given up, and between two status messages. */
  readonly patience: number
  readonly status: number
  /** Smallest and largest pause before connecting again. */
  readonly pauses: readonly [number, number]
  /** What the engine shows for `salt-run eos.bridge`. */
  readonly standings: () => object
}

/** What the sender tells. */
export interface SenderEvents {
  readonly linked: () => void
  readonly lost: (reason: string) => void
  readonly buried: (dead: readonly DeadRow[]) => void
  /** The inbox lacks facts that are no longer here: a new epoch has begun, and these numbers of the old one are lost to it. */
  readonly gap: (from: number, to: number) => void
  readonly renewed: (why: string, epoch: string) => void
}

/** Counters for the metrics. */
export interface SenderCounters {
  readonly connects: number
  readonly batches: number
  readonly bytes: number
  readonly refused: number
}

/** Brings what the journal holds to the engine: in order, at least once, marked only after the engine has committed it. */
export class Sender {
  readonly #journal: JournalClient
  readonly #options: SenderOptions
  readonly #events: SenderEvents
  readonly #backoff: Backoff
  readonly #window = new Window(WINDOW)
  readonly #timers: NodeJS.Timeout[] = []
  #role: Role = 'standby'
  #connection: Connection | null = null
  #isLive = false
  #isReading = false
  #isStopped = false
  /** The connection was closed by us, to greet anew. */
  #isWanted = false
  #heard = 0
  #linkedAt = 0
  #next = 1
  #maxBatch = 1
  #acknowledged = 0
  #retry: NodeJS.Timeout | null = null
  /** The epoch that begins when the engine greets: set when a standby becomes active. */
  #coming: string | null = null
  cursors: Cursors = {}
  counters: SenderCounters = { connects: 0, batches: 0, bytes: 0, refused: 0 }

  constructor(journal: JournalClient, options: SenderOptions, events: SenderEvents) {
    this.#journal = journal
    this.#options = options
    this.#events = events
    this.#backoff = new Backoff(...options.pauses)
  }

  /** True while the engine has greeted and nothing was lost since. */
  get isLinked(): boolean {
    return this.#isLive
  }

  /** Starts connecting, in that role; `isRenewed` starts a new epoch. */
  start(role: Role, isRenewed: boolean): void {
    this.#role = role
    this.#coming = isRenewed ? newEpoch(this.#options.instance) : null
    if (this.#timers.length === 0) {
      this.#timers.push(setInterval(() => this.#watch(), Math.min(500, this.#options.patience / 4)))
      this.#timers.push(setInterval(() => this.#status(), this.#options.status))
    }
    this.#reconnect()
  }

  /** The journal has grown. */
  wake(): void {
    this.#pump().catch((thrown: unknown) => this.#connection?.close(messageOf(thrown)))
  }

  /** Closes the connection; facts that are on their way are sent again after the next start. */
  stop(): void {
    this.#isStopped = true
    for (const timer of this.#timers) clearInterval(timer)
    if (this.#retry !== null) clearTimeout(this.#retry)
    this.#connection?.close('the sidecar stops')
  }

  #reconnect(): void {
    this.#isLive = false
    this.#isWanted = this.#connection !== null
    if (this.#connection !== null) this.#connection.close('greeting anew')
    else if (this.#retry === null) this.#connect()
  }

  #connect(): void {
    this.#retry = null
    const snapshot = this.#journal.snapshot
    if (this.#isStopped || snapshot === null) return
    this.#heard = performance.now()
    this.counters = { ...this.counters, connects: this.counters.connects + 1 }
    const connection: Connection = new Connection(this.#options.socket, {
      opened: () => {
        const { instance, version, contract } = this.#options
        connection.say({ kind: 'hello', protocol: PROTOCOL, schema: 1, instance, epoch: this.#coming ?? this.#journal.snapshot?.epoch ?? snapshot.epoch, version, role: this.#role, contract })
      },
      heard: (message) => {
        if (this.#connection === connection) void this.#hear(message).catch((thrown: unknown) => connection.close(messageOf(thrown)))
      },
      closed: (reason) => this.#lost(reason),
    })
    this.#connection = connection
  }

  #lost(reason: string): void {
    const isWanted = this.#isWanted
    this.#connection = null
    this.#isWanted = false
    this.#isLive = false
    this.#window.clear()
    if (this.#isStopped) return
    if (isWanted) return this.#connect()
    this.#events.lost(reason)
    this.#retry = setTimeout(() => this.#connect(), this.#backoff.next())
  }

  async #hear(message: FromEngine): Promise<void> {
    this.#heard = performance.now()
    if (message.kind === 'error' && message.isSkew) throw new Refusal('EOS643', `the engine has another contract of events: ${message.reason}`, 'one contract', 'as it says; facts wait in the journal and go on by themselves')
    if (message.kind === 'error') throw new Refusal('EOS640', `the engine says ${message.code}: ${message.reason}`, 'numbers without a gap, in protocol 1', 'nothing: it is sent again from where the engine stands')
    if (message.kind === 'ack') return this.#acknowledge(message)
    if (this.#isLive) throw broken('the engine greets twice', 'one welcome')
    this.cursors = message.cursors
    this.#maxBatch = message.maxBatch
    const connection = this.#connection
    if (this.#role === 'active') await this.#agree(message.lastSeq)
    if (this.#connection !== connection || connection === null) return
    this.#isLive = true
    this.#linkedAt = performance.now()
    this.#events.linked()
    this.#status()
    await this.#pump()
  }

  /** Finds out from where to send; where the two sides cannot go on in the same numbers, a new epoch begins. */
  async #agree(lastSeq: number): Promise<void> {
    const coming = this.#coming
    if (coming !== null) {
      await this.#rebase(coming, 'waiting', this.cursors)
      // The lock may have been lost and won again meanwhile: then a newer one is to come.
      if (this.#coming === coming) this.#coming = null
      return this.#begin(1)
    }
    const { last, acknowledged, first } = this.#snapshot()
    if (lastSeq > last) return this.#renew('waiting', `the inbox has number ${lastSeq}, the journal ends at ${last}: the journal is older than what it sent`)
    const next = await this.#journal.ask<'read'>({ kind: 'read', from: lastSeq + 1, limit: 1, bytes: 0 })
    if (next.isGone) {
      this.#events.gap(lastSeq + 1, first - 1)
      return this.#renew('all', `the inbox ends at ${lastSeq}, and the journal keeps nothing from there to ${first - 1}: the inbox is older than what it took`)
    }
    if (lastSeq > acknowledged) await this.#journal.ask<'acknowledge'>({ kind: 'acknowledge', seq: lastSeq, refused: [] })
    this.#begin(lastSeq + 1)
  }

  /** A new epoch, under which is sent what the engine never acknowledged, or all that is kept. */
  async #renew(keep: Keep, why: string): Promise<void> {
    const epoch = newEpoch(this.#options.instance)
    await this.#rebase(epoch, keep, {})
    this.#events.renewed(why, epoch)
    throw new Error(why)
  }

  async #rebase(epoch: string, keep: Keep, cursors: Cursors): Promise<void> {
    await this.#journal.ask<'rebase'>({ kind: 'rebase', epoch, keep, cursors })
  }

  #begin(next: number): void {
    this.#next = next
    this.#acknowledged = next - 1
  }

  async #acknowledge({ epoch, seq, refused }: Extract<FromEngine, { kind: 'ack' }>): Promise<void> {
    if (epoch !== this.#snapshot().epoch) throw broken(`an acknowledgement is of epoch ${epoch}`, this.#snapshot().epoch)
    if (seq >= this.#next || seq < this.#acknowledged) throw broken(`an acknowledgement is of number ${seq}`, `${this.#acknowledged} to ${this.#next - 1}`)
    this.#acknowledged = seq
    this.#window.acknowledge(seq)
    this.#backoff.reset()
    const marked = this.#journal.ask<'acknowledge'>({ kind: 'acknowledge', seq, refused })
    this.wake()
    const { buried } = await marked
    this.counters = { ...this.counters, refused: this.counters.refused + refused.length }
    if (buried.length > 0) this.#events.buried(buried)
  }

  /** Sends as long as there is something to send and room for it; one reader at a time keeps the order. */
  async #pump(): Promise<void> {
    if (this.#isReading) return
    this.#isReading = true
    try {
      while (this.#isLive && this.#role === 'active' && !this.#window.isFull && this.#next <= this.#snapshot().last) await this.#sendNext()
    } finally {
      this.#isReading = false
    }
  }

  async #sendNext(): Promise<void> {
    const connection = this.#connection
    const { frame, to, isGone } = await this.#journal.ask<'read'>({ kind: 'read', from: this.#next, limit: this.#maxBatch, bytes: BATCH_BYTES })
    if (connection === null || this.#connection !== connection || !this.#isLive) return
    if (frame === null) return connection.close(isGone ? `number ${this.#next} is gone from the journal` : `number ${this.#next} is not in the journal`)
    this.counters = { ...this.counters, batches: this.counters.batches + 1, bytes: this.counters.bytes + frame.byteLength }
    connection.send(frame)
    this.#window.add(to, performance.now())
    this.#next = to + 1
  }

  /** Gives up a connection on which an answer is overdue. */
  #watch(): void {
    if (this.#connection === null) return
    const age = performance.now() - this.#linkedAt
    if (this.#isLive && age > this.#options.patience) this.#backoff.reset()
    if (this.#isLive && this.#role === 'standby' && age > this.#options.refresh) return this.#reconnect()
    const waits = this.#isLive ? this.#window.since : this.#heard
    if (waits === null || performance.now() - Math.max(waits, this.#heard) < this.#options.patience) return
    this.#connection.close(new Refusal('EOS641', `the engine gave no answer within ${this.#options.patience / 1000} s`, 'a welcome or an acknowledgement', 'look at the engine on the master').message)
  }

  #status(): void {
    if (this.#isLive) this.#connection?.say({ kind: 'status', ...this.#options.standings() })
  }

  #snapshot(): Snapshot {
    const snapshot = this.#journal.snapshot
    if (snapshot === null) throw new Error('the journal is not open')
    return snapshot
  }
}
