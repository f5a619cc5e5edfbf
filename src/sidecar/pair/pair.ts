import { setTimeout as pause } from 'node:timers/promises'
import { Backoff } from '../backoff.ts'
import { messageOf } from '../refusal.ts'
import type { Locks } from './session.ts'

/** Pause between two attempts while Consul holds a lost lock back. */
const HELD_BACK = 500
/** Milliseconds before the end of the session at which nothing may be sent any more. */
const MARGIN = 2000
/** Longest wait for a change of the holder. */
const WAIT = 30_000

/** What the pair tells. */
export interface PairEvents {
  /** This half holds the lock, or no longer. */
  readonly changed: (isActive: boolean) => void
  /** Why the lock cannot be used; null when it can. */
  readonly trouble: (problem: string | null) => void
}

/** One half of a pair: active while it holds the lock, and not a moment longer than its session is certain to live. */
export class Pair {
  readonly #locks: Locks
  readonly #name: string
  readonly #ttl: number
  readonly #events: PairEvents
  readonly #stopped = new AbortController()
  readonly #ended: Promise<void>
  #session: string | null = null
  #isActive = false

  constructor(locks: Locks, name: string, ttl: number, events: PairEvents) {
    this.#locks = locks
    this.#name = name
    this.#ttl = ttl
    this.#events = events
    this.#ended = this.#run()
  }

  /** Gives the lock back, so that the other half need not wait for the session to end. */
  async stop(): Promise<void> {
    const session = this.#session
    const wasActive = this.#isActive
    this.#stopped.abort()
    this.#become(false)
    await this.#ended
    try {
      if (session !== null && wasActive) await this.#locks.release(session)
      if (session !== null) await this.#locks.destroy(session)
    } catch (thrown) {
      // The session ends by itself; the other half only waits longer.
      this.#events.trouble(messageOf(thrown))
    } finally {
      this.#locks.close()
    }
  }

  async #run(): Promise<void> {
    const backoff = new Backoff(500, 10_000)
    while (!this.#stopped.signal.aborted) {
      try {
        await this.#live(() => backoff.reset())
      } catch (thrown) {
        if (!this.#stopped.signal.aborted) this.#events.trouble(messageOf(thrown))
      }
      this.#become(false)
      await pause(backoff.next(), undefined, { signal: this.#stopped.signal }).catch(() => undefined)
    }
  }

  /** One session, from its making until it is lost. */
  async #live(works: () => void): Promise<void> {
    const asked = performance.now()
    const session = await this.#locks.create(`eos-sidecar ${this.#name}`, this.#ttl)
    this.#session = session
    const over = new AbortController()
    const stop = AbortSignal.any([over.signal, this.#stopped.signal])
    works()
    const renewing = this.#renew(session, asked, stop)
    try {
      await Promise.race([renewing, this.#contend(session, stop)])
    } finally {
      over.abort()
      await renewing.catch(() => undefined)
      if (!this.#stopped.signal.aborted) await this.#abandon(session)
    }
  }

  /** A session that is left may hold the lock; it ends now if Consul hears of it, and by itself if not. */
  async #abandon(session: string): Promise<void> {
    this.#session = null
    this.#become(false)
    await this.#locks.destroy(session).catch((thrown: unknown) => this.#events.trouble(messageOf(thrown)))
  }

  /**
   * Keeps the session alive. It lives at least its time from the moment a renewal was asked for; shortly before that moment
   * comes without a new one, this half stops, whatever Consul may think.
   */
  async #renew(session: string, asked: number, stop: AbortSignal): Promise<void> {
    let certain = asked + this.#ttl - MARGIN
    let problem = 'the session was not renewed in time'
    while (!stop.aborted) {
      await pause(Math.min(this.#ttl / 3, Math.max(0, certain - performance.now())), undefined, { signal: stop }).catch(() => undefined)
      if (stop.aborted) return
      const now = performance.now()
      if (now >= certain) throw new Error(problem)
      const late = pause(certain - now, 'late', { signal: stop }).catch(() => 'late')
      const said = await Promise.race([this.#locks.renew(session).catch((thrown: unknown) => messageOf(thrown)), late])
      if (said === false) throw new Error('the session is gone')
      if (said === true) certain = now + this.#ttl - MARGIN
      else problem = `the session was not renewed in time: ${said === 'late' ? 'no answer' : said}`
      if (said !== true) await pause(Math.min(500, Math.max(0, certain - performance.now())), undefined, { signal: stop }).catch(() => undefined)
    }
  }

  /** Waits for the lock, takes it, and watches that it stays. */
  async #contend(session: string, stop: AbortSignal): Promise<void> {
    const backoff = new Backoff(500, 5000)
    let index = 0
    while (!stop.aborted) {
      // After an error the first read does not wait: an index ahead of the servers would hang.
      const found = await this.#locks.holder(index, WAIT).catch((thrown: unknown) => {
        if (!stop.aborted) this.#events.trouble(messageOf(thrown))
        return null
      })
      if (stop.aborted) return
      if (found === null) {
        index = 0
        await pause(backoff.next(), undefined, { signal: stop }).catch(() => undefined)
        continue
      }
      backoff.reset()
      this.#events.trouble(null)
      index = found.index < index ? 0 : found.index
      this.#become(found.session === session)
      if (found.session !== null) continue
      if (!(await this.#locks.acquire(session, JSON.stringify({ instance: this.#name })))) await pause(HELD_BACK, undefined, { signal: stop }).catch(() => undefined)
      index = 0
    }
  }

  #become(isActive: boolean): void {
    if (isActive === this.#isActive) return
    this.#isActive = isActive
    this.#events.changed(isActive)
  }
}
