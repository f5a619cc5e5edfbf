import type { Config } from './config/config.ts'
import { DeadLetters } from './dead-letters.ts'
import { DiskWatch } from './disk-watch.ts'
import { contractOf, type Table } from './envelope/table.ts'
import { JournalClient } from './journal/client.ts'
import { openLedger } from './ledger.ts'
import type { Log } from './log.ts'
import { collectMetrics } from './metrics/collect.ts'
import { serveMetrics } from './metrics/server.ts'
import { metricsText } from './metrics/text.ts'
import type { Pair } from './pair/pair.ts'
import { startPair } from './pair/start.ts'
import { countedFrom, pastOf, reasonOf, type Found, type Past } from './past.ts'
import { messageOf, type Refusal } from './refusal.ts'
import { selfWriter, type Note } from './self.ts'
import { Sender } from './sender/sender.ts'
import type { Inherited, Journal, Source, Standing } from './source.ts'
import { lookAtStandings } from './watch-standings.ts'

/** Milliseconds between two looks at the standings. */
const LOOK = 500
/** What a standby keeps even where the inbox has it already, and how often it looks, in milliseconds. */
const KEPT_BY_STANDBY = 10 * 60_000
const PRUNE = 60_000
/** Milliseconds that a source that was never read waits for the engine, to learn what the inbox has of it. */
const GREETING = 3000
/** Milliseconds that sources and journal get to end. */
const PATIENCE = 1500

/** How loudly the log says what the events say. */
const LEVELS: { readonly [verb: string]: 'warning' | 'alert' } = { degraded: 'warning', down: 'alert', alarm: 'alert' }

/** What a running sidecar is made of. */
export interface Parts {
  readonly config: Config
  readonly table: Table
  readonly version: string
  readonly log: Log
  /** Starts the sources; called once, when the journal is open. */
  readonly sources: (journal: Journal) => readonly Source[]
  /** The process must end: the journal cannot go on. */
  readonly fatal: (problem: Refusal) => void
}

/** A running sidecar. */
export interface Running {
  readonly port: number
  readonly stop: () => Promise<void>
}

/** Runs journal, sources, sender and metrics until it is stopped. */
export async function runSidecar(parts: Parts): Promise<Running> {
  const sidecar = new Sidecar(parts)
  const pages = { metrics: () => sidecar.metrics(), healthz: () => null, readyz: () => sidecar.reasons() }
  const server = await serveMetrics(parts.config.metrics.port, pages)
  parts.log('info', 'metrics on loopback', { port: server.port })
  return {
    port: server.port,
    stop: async () => {
      await sidecar.stop()
      await server.close()
    },
  }
}

class Sidecar {
  readonly #parts: Parts
  readonly #client: JournalClient
  readonly #sender: Sender
  readonly #dead: DeadLetters
  readonly #disk: DiskWatch
  readonly #note: (note: Note) => void
  readonly #ledger: Journal
  readonly #facts = new Map<string, number>()
  readonly #timers: NodeJS.Timeout[] = []
  #known: ReturnType<typeof lookAtStandings>['known'] = new Map()
  #sources: readonly Source[] = []
  /** What this run leaves behind; null until the journal told what the last one did. */
  #past: Past | null = null
  #isStopped = false
  #link = { isLinked: false, hasBeen: false, reason: '', since: 0 }
  /** Kept when the engine has greeted for the first time. */
  readonly #greeted = Promise.withResolvers<void>()
  #isActive = false
  #pair: Pair | null = null
  #pairTrouble: string | null = null

  constructor(parts: Parts) {
    const { config, table, log } = parts
    this.#parts = parts
    this.#client = new JournalClient(config.journal, config.instance, {
      opened: ({ epoch, last }, isNew, movedTo) => void this.#open({ version: parts.version, epoch, last, isNew, movedTo }),
      disk: (problem) => this.#disk.tell(problem),
      fatal: parts.fatal,
      changed: () => this.#sender.wake(),
    })
    this.#ledger = openLedger(this.#client, table, {
      written: (events) => {
        for (const [name, count] of events) this.#facts.set(name, (this.#facts.get(name) ?? 0) + count)
      },
      buried: (rows) => this.#dead.tell(rows),
      inherited: (source) => this.#inherited(source),
    })
    const say = selfWriter(this.#ledger, config.instance, log)
    this.#note = (note) => {
      log(LEVELS[note.verb] ?? 'notice', `bridge ${note.verb}`, { source: note.source, cause: note.cause, detail: note.detail ?? '' })
      say(note)
    }
    this.#dead = new DeadLetters(this.#note, log)
    this.#disk = new DiskWatch(this.#note, log)
    const { timing } = config
    const options = { socket: config.socket, instance: config.instance, version: parts.version, contract: contractOf(table), refresh: PRUNE, patience: timing.engine, status: timing.status, pauses: [timing.reconnectLeast, timing.reconnectMost] as const, standings: () => this.#status() }
    this.#sender = new Sender(this.#client, options, {
      linked: () => this.#linked(),
      lost: (reason) => this.#unlinked(reason),
      buried: (rows) => this.#dead.tell(rows),
      gap: (from, to) => this.#note({ verb: 'gap', source: 'bridge', cause: 'inbox_lost', detail: 'the inbox is older than what it acknowledged; these facts are no longer in the journal', from, to, count: Math.max(0, to - from + 1) }),
      renewed: (why, epoch) => this.#note({ verb: 'alarm', source: 'bridge', cause: 'renumbered', detail: `${why}; what was not acknowledged is sent again in epoch ${epoch}` }),
    })
  }

  /** What keeps it from being ready. */
  reasons(): string[] {
    const { problem } = this.#disk
    const unready = this.#standings().flatMap(({ name, isReady, degraded }) => (degraded !== null ? [`${name}: ${degraded}`] : isReady ? [] : [`${name}: not connected yet`]))
    return [...(this.#client.snapshot === null ? ['journal: not open'] : []), ...(problem === null ? [] : [`disk: ${problem}`]), ...(this.#pairTrouble === null ? [] : [`pair: ${this.#pairTrouble}`]), ...(this.#sender.isLinked ? [] : [`engine: ${this.#link.reason || 'not reached yet'}`]), ...unready]
  }

  /** The metrics of this moment. */
  async metrics(): Promise<string> {
    const isOpen = this.#client.snapshot !== null && this.#disk.problem === null
    const oldest = isOpen ? (await this.#client.ask<'oldest'>({ kind: 'oldest' })).at : null
    const { snapshot, waiting } = this.#client
    const { counters, isLinked } = this.#sender
    return metricsText(collectMetrics({ snapshot, oldest, waiting, isDiskRefusing: this.#disk.problem !== null, isLinked, isActive: this.#isActive, sender: counters, standings: [this.#own(), ...this.#standings()], facts: this.#facts, now: Date.now() }))
  }

  /** Stops the sources, then writes what they still said, then ends. */
  async stop(): Promise<void> {
    this.#isStopped = true
    for (const timer of this.#timers) clearInterval(timer)
    this.#dead.stop()
    await Promise.race([Promise.allSettled(this.#sources.map((source) => source.stop())), new Promise((resolve) => setTimeout(resolve, PATIENCE).unref())])
    this.#sender.stop()
    await Promise.race([this.#pair?.stop(), new Promise((resolve) => setTimeout(resolve, PATIENCE).unref())])
    if (this.#past !== null) void this.#ledger.commit({ source: 'bridge', facts: [], puts: [], deletes: [], cursor: { ...this.#past, isOver: true } }).catch((thrown: unknown) => this.#parts.log('error', messageOf(thrown)))
    await this.#client.close(PATIENCE)
  }

  async #open(found: Found): Promise<void> {
    const { config, log } = this.#parts
    log('info', 'journal open', { path: config.journal, epoch: found.epoch, isNew: found.isNew })
    if (found.movedTo !== null) this.#note({ verb: 'alarm', source: 'bridge', cause: 'journal_damaged', detail: `the journal was damaged and moved to ${found.movedTo}; a new one begins, with all sources read anew` })
    const { cursor } = await this.#ledger.remember('bridge').catch((thrown: unknown) => {
      log('error', messageOf(thrown))
      return { cursor: null }
    })
    if (!this.#isStopped) this.#begin(found, pastOf(cursor))
  }

  #begin(found: Found, before: Past | null): void {
    const { config } = this.#parts
    const past = countedFrom(before, found)
    const { cause, detail } = reasonOf(before, found)
    this.#past = past
    this.#note({ verb: 'started', source: 'bridge', cause, detail: `${config.instance} ${found.version}, epoch ${found.epoch}, ${detail}`, keep: past })
    this.#sources = this.#parts.sources(this.#ledger)
    this.#pair = startPair(config, { changed: (isActive) => this.#turn(isActive), trouble: (problem) => this.#pairStands(problem) })
    this.#isActive = this.#pair === null
    this.#sender.start(this.#isActive ? 'active' : 'standby', false)
    this.#timers.push(setInterval(() => this.#look(), LOOK), setInterval(() => this.#checkpoint(), config.timing.checkpoint), setInterval(() => this.#prune(), PRUNE))
  }

  /** Waits for the engine's first greeting, but not for ever: a stack may have to be read before its master is there. */
  async #inherited(source: string): Promise<Inherited | null> {
    // What the sidecar says about itself comes before the sender starts.
    if (source === 'bridge') return null
    const { promise: late, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, GREETING)
    await Promise.race([this.#greeted.promise, late])
    clearTimeout(timer)
    return this.#sender.cursors[source] ?? null
  }

  /** The lock of the pair was won or lost: who wins sends under a new epoch, who loses stops sending at once. */
  #turn(isActive: boolean): void {
    this.#isActive = isActive
    this.#parts.log('notice', isActive ? 'active: the lock of the pair is ours' : 'standby: the lock of the pair is not ours')
    this.#sender.start(isActive ? 'active' : 'standby', isActive)
  }

  #pairStands(problem: string | null): void {
    if (problem !== null && this.#pairTrouble === null) this.#parts.log('alert', 'the lock of the pair cannot be used', { reason: problem })
    this.#pairTrouble = problem
  }

  /** A standby forgets what the inbox has, so that its journal does not grow for ever. */
  #prune(): void {
    if (this.#isActive || this.#disk.problem !== null || !this.#sender.isLinked) return
    this.#client
      .ask<'prune'>({ kind: 'prune', before: Date.now() - KEPT_BY_STANDBY, cursors: this.#sender.cursors })
      .catch((thrown: unknown) => this.#parts.log('error', messageOf(thrown)))
  }

  #look(): void {
    const { known, notes } = lookAtStandings(this.#known, this.#standings(), performance.now(), this.#parts.config.timing.down)
    this.#known = known
    for (const note of notes) this.#note(note)
  }

  #checkpoint(): void {
    const { snapshot } = this.#client
    if (!this.#isActive || this.#past === null || snapshot === null) return
    const { epoch, last } = snapshot
    // The numbers of a new epoch begin anew.
    const from = this.#past.epoch === epoch ? this.#past.checkpoint : 0
    this.#past = { ...this.#past, epoch, checkpoint: last }
    this.#note({ verb: 'checkpoint', source: 'bridge', cause: 'time', from, to: last, count: Math.max(0, last - from), keep: this.#past })
  }

  #linked(): void {
    const was = this.#link
    this.#link = { isLinked: true, hasBeen: true, reason: '', since: performance.now() }
    this.#greeted.resolve()
    if (!was.isLinked) this.#parts.log('info', 'the engine has greeted')
    if (!was.isLinked && was.hasBeen) this.#note({ verb: 'recovered', source: 'bridge', cause: 'engine', detail: `after ${Math.round((performance.now() - was.since) / 1000)} s` })
  }

  #unlinked(reason: string): void {
    const was = this.#link
    this.#link = { ...was, isLinked: false, reason, since: was.isLinked ? performance.now() : was.since }
    if (was.isLinked) this.#note({ verb: 'degraded', source: 'bridge', cause: 'engine', detail: reason })
    else if (was.reason !== reason) this.#parts.log('alert', 'the engine takes no facts; they wait in the journal', { reason })
  }

  #standings(): Standing[] {
    return this.#sources.map((source) => source.standing())
  }

  /** How the sidecar itself stands, beside its sources. */
  #own(): Standing {
    const { snapshot } = this.#client
    const degraded = this.#disk.problem !== null ? `disk: ${this.#disk.problem}` : this.#pairTrouble !== null ? `pair: ${this.#pairTrouble}` : null
    return { name: 'bridge', isReady: snapshot !== null, degraded, index: snapshot?.last ?? 0, heard: Date.now(), counters: {} }
  }

  #status(): object {
    const { epoch = null, last = 0, acknowledged = 0, depth = 0, dead = 0, duplicates = 0 } = this.#client.snapshot ?? {}
    const standings = [this.#own(), ...this.#standings()].map(({ name, isReady, degraded, index, heard, counters }) => ({ name, ready: isReady, degraded, index, heard, counters }))
    return { standings, depth, dead, journal: { epoch, last, acknowledged, duplicates, disk: this.#disk.problem } }
  }
}
