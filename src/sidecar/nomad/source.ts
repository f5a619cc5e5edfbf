import { setTimeout as pause } from 'node:timers/promises'
import { Backoff } from '../backoff.ts'
import type { Config } from '../config/config.ts'
import type { Intake } from '../intake/intake.ts'
import { IntakeError } from '../intake/intake-error.ts'
import type { Log } from '../log.ts'
import { messageOf } from '../refusal.ts'
import type { Journal, Source, Standing } from '../source.ts'
import type { TokenFile } from '../token.ts'
import { Api } from './api.ts'
import { AuthProblem, tokenFrom } from './credentials.ts'
import { cursorOf, type Cursor } from './cursor.ts'
import { Desk } from './desk.ts'
import { attend } from './duties.ts'
import { Restored } from './epoch-watch.ts'
import { readIndexes } from './lists.ts'
import { inheritedCursor, isFirst, readFirst } from './inherit.ts'
import { Memory, rowOf } from './memory.ts'
import { Region } from './region.ts'
import { resync } from './resync.ts'
import { proveJobList } from './prove-jobs.ts'
import { sayGap, sayReread, sayUnrecoverable } from './self-facts.ts'
import { isSpeechless, openStream, proveContinuity, readOn, SessionOver, type Proof } from './session.ts'
import { awaitNamespaces, checkToken, readNamespaces, settleBlocked } from './watches.ts'
import { wentBack, type Back } from './went-back.ts'

/** What a source of Nomad is given. */
export interface NomadOptions {
  readonly config: Config['nomad'][number]
  readonly settle: Pick<Config['settle'], 'evalBlocked'>
  readonly timing: Pick<Config['timing'], 'firstHeartbeat' | 'watchdog' | 'proof' | 'audit' | 'tokenCheck' | 'reconnectLeast' | 'reconnectMost'>
  readonly token: TokenFile
  readonly intake: Intake
  readonly journal: Journal
  readonly log: Log
}

/** Starts to read one region: jobs, allocations, nodes and what becomes of them are facts until it is stopped. */
export function startNomad(options: NomadOptions): Source {
  const source = new NomadSource(options)
  const running = source.run().catch((thrown: unknown) => {
    const why = `the source ended: ${messageOf(thrown)}`
    source.degrade(`internal: ${why}`)
    options.log('alert', why, { source: source.name })
  })
  return {
    standing: () => source.standing(),
    stop: async () => {
      source.abort()
      await running
    },
  }
}

/** Milliseconds between two looks at the token file. */
const TICK = 500
/** Milliseconds after which a stream lives; a second one that ends sooner is opened again only after a pause. */
const LIVES = 5000
/** Ends of a stream that a restore may have brought. */
const CUT: ReadonlySet<string> = new Set(['closed', 'stale', 'watchdog'])
/** Without the stream the lists are read this often; after so many times the stream is tried again. */
const POLL = { every: 5000, times: 12 }

class NomadSource {
  readonly name: string
  readonly #options: NomadOptions
  readonly #api: Api
  readonly #stop = new AbortController()
  readonly #backoff: Backoff
  #region: Region | null = null
  #isReady = false
  #degraded: string | null = null
  #heard = 0
  #failures = 0
  /** Our clock when the stream was open; null while it is not. */
  #since: number | null = null
  #reconnects = 0
  #namespaces = ''
  /** The address of the stream. */
  #address = ''
  /** What the server said instead of HTTP; null while it speaks it. */
  #speechless: string | null = null
  /** Why the lists must be read with the next stream, although nothing may be lost. */
  #wanted: 'unreadable' | 'namespace' | 'restored' | 'stale' | null = null
  /** The lists that went back, until an epoch is opened for it. */
  #back: Back = []
  /** The last stream ended or fell silent by itself. */
  #isCut = false
  /** Streams in a row that ended as soon as they were open. */
  #brief = 0

  constructor(options: NomadOptions) {
    const { config, timing, token, intake } = options
    this.name = `nomad:${config.region}`
    this.#options = options
    this.#api = new Api(intake, { addresses: config.addresses, ca: config.ca, token })
    this.#backoff = new Backoff(timing.reconnectLeast, timing.reconnectMost)
  }

  standing(): Standing {
    const { memory, counters, cursor } = this.#region ?? {}
    return {
      name: this.name,
      isReady: this.#isReady,
      degraded: this.#degraded,
      index: cursor?.index ?? 0,
      heard: this.#heard,
      counters: {
        frames_total: counters?.frames ?? 0,
        events_total: counters?.events ?? 0,
        duplicates_total: counters?.duplicates ?? 0,
        gaps_total: counters?.gaps ?? 0,
        resyncs_total: counters?.resyncs ?? 0,
        audits_total: counters?.audits ?? 0,
        unreadable_total: counters?.unreadable ?? 0,
        reconnects_total: this.#reconnects,
        remembered: memory?.size ?? 0,
      },
    }
  }

  abort(): void {
    this.#stop.abort()
  }

  /** Remembers, then keeps a session open until it is stopped. */
  async run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        // After a bug or a refused write, what is remembered is what the journal has.
        this.#region ??= await this.#remember()
        await (this.#speechless === null ? this.#session(this.#region) : this.#poll(this.#region, this.#speechless))
      } catch (thrown) {
        if (this.#stop.signal.aborted) break
        await this.#recover(thrown)
      }
    }
  }

  async #remember(): Promise<Region> {
    const { config, journal, log, settle } = this.#options
    const { cursor, rows, inherited } = await journal.remember(this.name)
    const memory = new Memory()
    memory.apply({ puts: rows.map(rowOf).filter((row) => row !== null), deletes: [] })
    return new Region({ api: this.#api, memory, desk: new Desk(journal, config.region), rules: { accessors: config.accessors, quiet: settle.evalBlocked }, log, cursor: cursorOf(cursor) ?? (inherited ? inheritedCursor(inherited) : null) })
  }

  /** One stream, from its proof to its end. */
  async #session(region: Region): Promise<void> {
    const over = new AbortController()
    const stop = AbortSignal.any([this.#stop.signal, over.signal])
    this.#address = this.#api.address
    await checkToken(this.#api)
    const namespaces = await readNamespaces(this.#api, stop)
    await proveJobList(this.#api, namespaces.all, stop)
    await awaitNamespaces(this.#api, namespaces.index, stop)
    this.#address = this.#api.address
    const handle = await openStream(region, this.#options.timing)
    const close = (): void => handle.close()
    stop.addEventListener('abort', close, { once: true })
    try {
      this.#heard = Date.now()
      const begin = await readIndexes(this.#api, stop)
      // A restored state may well go on where we were: only its lists show that they went back.
      if (this.#back.length === 0) this.#back = await wentBack(region, region.cursor?.reached ?? {}, begin, this.#isCut, stop)
      this.#isCut = false
      if (this.#back.length > 0) this.#wanted = 'restored'
      const proof: Proof = region.cursor === null ? { kind: 'unknown' } : await proveContinuity(handle, region.cursor.index, this.#options.timing)
      if (this.#namespaces !== '' && this.#namespaces !== namespaces.names) this.#wanted ??= 'namespace'
      await region.exclusive(() => this.#begin(region, proof, begin, stop))
      this.#namespaces = namespaces.names
      this.#up()
      await Promise.race([readOn(region, handle, this.#options.timing, () => (this.#heard = Date.now()), stop), attend(region, { ...this.#options.timing, namespaces }, stop)])
    } finally {
      over.abort()
      handle.close()
      stop.removeEventListener('abort', close)
    }
  }

  /** Decides by the proof what must be read before the stream goes on. */
  async #begin(region: Region, proof: Proof, begin: Cursor['lists'], stop: AbortSignal): Promise<void> {
    const { cursor } = region
    if (cursor === null || isFirst(region)) return readFirst(region, begin, true, stop)
    if (proof.kind === 'continuous' && this.#wanted === null) return
    const { index: from, heard } = cursor
    const { lost, isNewEpoch } = await resync(region, { mode: 'known', isProved: true, back: this.#back }, begin, stop)
    this.#back = []
    const to = Math.max(proof.kind === 'gap' ? proof.to : 0, region.cursor?.index ?? 0)
    // Without a frame nothing is proved; when the lists have not gone on either, nothing was missed.
    const isMissed = proof.kind === 'gap' || (proof.kind === 'unknown' && to > from)
    if (isMissed && !isNewEpoch) {
      if (proof.kind === 'gap') sayGap(region, 'buffer_overrun', from, to, 'the servers no longer have what came after the cursor')
      else sayReread(region, from, to, 'the stream does not show where it was left')
      sayUnrecoverable(region, { from, to, heard }, lost)
    }
    if (this.#wanted === 'stale' && proof.kind === 'continuous') sayReread(region, from, to, 'the stream had fallen silent while the lists went on')
    if (this.#wanted === 'unreadable') sayGap(region, 'unreadable', from, to, 'a line of the stream was refused; the lists tell what it told')
    this.#wanted = null
    await region.save()
  }

  #up(): void {
    if (!this.#isReady || this.#degraded !== null) this.#options.log('notice', 'the stream is open', { source: this.name, server: this.#api.address })
    this.#isReady = true
    this.#degraded = null
    this.#failures = 0
    this.#since = performance.now()
  }

  async #recover(thrown: unknown): Promise<void> {
    const { log } = this.#options
    this.#reconnects += 1
    const lived = this.#since === null ? null : performance.now() - this.#since
    this.#since = null
    if (lived !== null) this.#brief = lived < LIVES ? this.#brief + 1 : 0
    if (lived !== null && lived >= LIVES) this.#backoff.reset()
    if (thrown instanceof SessionOver && CUT.has(thrown.why)) this.#isCut = true
    if (thrown instanceof SessionOver && (thrown.why === 'namespace' || thrown.why === 'restored' || thrown.why === 'stale')) {
      this.#wanted = thrown.why
      if (thrown instanceof Restored) this.#back = thrown.back
      log('notice', `${thrown.message}; the stream is opened again`, { source: this.name })
      return this.#wait(this.#brief > 1 ? this.#backoff.next() : 0)
    }
    if (isSpeechless(thrown)) {
      this.#speechless = thrown.message
      return log('error', thrown.message, { source: this.name })
    }
    this.#failures += 1
    const isForeseen = thrown instanceof SessionOver || thrown instanceof IntakeError || thrown instanceof AuthProblem
    const isAtOnce = this.#failures === 1 && this.#brief <= 1 && isForeseen && !(thrown instanceof AuthProblem)
    const milliseconds = isAtOnce ? 0 : Math.round(this.#backoff.next())
    log('warning', messageOf(thrown), { source: this.name, failures: this.#failures, pause: milliseconds })
    if (thrown instanceof SessionOver && thrown.why === 'unreadable' && this.#region !== null) this.#unreadable(this.#region, thrown.message)
    if (thrown instanceof AuthProblem) this.degrade(`auth: ${thrown.message}`)
    else if (this.#failures > this.#api.addresses) this.degrade(`unreachable: ${messageOf(thrown)}`)
    if (!(thrown instanceof AuthProblem)) this.#api.turn(this.#address)
    if (!isForeseen) this.#region = null
    await this.#wait(milliseconds)
  }

  #unreadable(region: Region, detail: string): void {
    region.counters.unreadable += 1
    this.#wanted = 'unreadable'
    const index = region.cursor?.index ?? 0
    region.desk.say({ verb: 'dead_letter', mark: `${region.cursor?.era ?? 1}:${index}:line`, cause: 'unreadable', detail, count: 1 }, index, this.#api.address)
  }

  /** It does not read any more, for this reason. */
  degrade(why: string): void {
    this.#isReady = false
    this.#degraded = why
  }

  /** Waits, but not longer than until the token file has another token. */
  async #wait(milliseconds: number): Promise<void> {
    const token = this.#token()
    const until = Date.now() + milliseconds
    while (Date.now() < until && !this.#stop.signal.aborted && this.#token() === token) {
      await pause(Math.min(TICK, Math.max(1, until - Date.now())), undefined, { signal: this.#stop.signal }).catch(() => undefined)
    }
  }

  #token(): string | null {
    try {
      return tokenFrom(this.#options.token)
    } catch {
      return null
    }
  }

  /** Reads the lists again and again where the stream cannot be read; says so for as long as it does. */
  async #poll(region: Region, why: string): Promise<void> {
    this.#degraded = `protocol: ${why}`
    // For so long; then the stream is tried again, at the next address.
    for (let time = 0; time < POLL.times && !this.#stop.signal.aborted; time += 1) {
      await checkToken(this.#api)
      const begin = await readIndexes(this.#api, this.#stop.signal)
      const back = await wentBack(region, region.cursor?.reached ?? {}, begin, false, this.#stop.signal)
      await region.exclusive(async () => void (await (isFirst(region) ? readFirst(region, begin, false, this.#stop.signal) : resync(region, { mode: 'known', isProved: false, back }, begin, this.#stop.signal))))
      await region.exclusive(() => settleBlocked(region))
      this.#isReady = true
      this.#heard = Date.now()
      await this.#wait(POLL.every)
    }
    this.#speechless = null
    this.#api.turn()
  }
}
