import type { Config } from '../config/config.ts'
import type { Intake } from '../intake/intake.ts'
import type { Log } from '../log.ts'
import type { Journal, Source, Standing } from '../source.ts'
import type { TokenFile } from '../token.ts'
import type { Answer } from './answer.ts'
import { Desk, rest } from './desk.ts'
import { follow, type Followed } from './follow.ts'
import { standingOf } from './guard.ts'
import { keepRunning, type Run } from './keep-running.ts'
import { Line } from './line.ts'
import { LISTS, type ListName } from './lists.ts'
import { Obstacles } from './obstacles.ts'
import { Hindered, Reader } from './reader.ts'
import { identify, trusted } from './survey.ts'
import { Turns } from './turns.ts'

/** What a source of Consul is given. */
export interface ConsulOptions {
  readonly config: Config['consul'][number]
  readonly settle: Config['settle']
  readonly timing: Config['timing']
  readonly token: TokenFile
  readonly intake: Intake
  readonly journal: Journal
  readonly log: Log
}

/** Starts to read one datacenter: services, their health and nodes become facts until it is stopped. */
export function startConsul(options: ConsulOptions): Source {
  const source = `consul:${options.config.datacenter}`
  return keepRunning(() => new ConsulSource(options), (problem) => options.log('error', problem, { source }))
}

/** Milliseconds that a question waits for a change where only one connection is used: the other lists are read between. */
const LIMITED_WAIT = 5000
/** How often the token is looked at while something stands in the way. */
const HURRY = 2000
/** Milliseconds by which a watched-for answer may be late before it is given up. */
const MARGIN = 5000

class ConsulSource implements Run {
  readonly #options: ConsulOptions
  readonly #reader: Reader
  readonly #line: Line
  readonly #desk: Desk
  readonly #obstacles: Obstacles
  readonly #turns: Turns
  readonly #abort = new AbortController()
  #wakeups = 0
  #unchanged = 0

  constructor(options: ConsulOptions) {
    const { config, settle, intake, journal, token, timing, log } = options
    this.#options = options
    this.#reader = new Reader(intake, token, config.ca)
    this.#line = new Line(config.addresses)
    this.#desk = new Desk(config.datacenter, journal, { quiet: settle.serviceRemoved, flapCount: settle.flapCount, flapWindow: settle.flapWindow })
    this.#obstacles = new Obstacles(this.#line)
    const court = { reader: this.#reader, line: this.#line, desk: this.#desk, pause: timing.proof, audit: timing.audit, signal: this.#abort.signal }
    this.#turns = new Turns(court, this.#obstacles, log)
  }

  async run(): Promise<void> {
    await this.#desk.open()
    this.#turns.poke(true)
    const { watch } = this.#options.config
    const lists = ['checks', 'names', 'nodes'] as const
    const followed = [...lists.map((name) => this.#list(name)), ...watch.map((service) => this.#watched(service))]
    const under = [...followed.map((one) => follow(this.#reader, this.#line, this.#abort.signal, one)), this.#guardToken()]
    try {
      await Promise.all(under)
    } finally {
      // Where one of them broke, the others end with it: whoever begins anew must be alone.
      this.abort()
      await Promise.allSettled(under)
      await this.#turns.stop()
    }
  }

  abort(): void {
    this.#abort.abort()
    this.#reader.stop()
  }

  standing(): Standing {
    const { degraded, isBlocked } = this.#obstacles
    const { turns, proofs, refused } = this.#turns.counters
    return {
      name: this.#desk.name,
      isReady: this.#turns.lists !== null && !isBlocked,
      degraded,
      index: this.#desk.index,
      heard: this.#reader.heard,
      counters: {
        consul_reads_total: this.#reader.reads,
        consul_read_bytes_total: this.#reader.bytes,
        consul_wakeups_total: this.#wakeups,
        consul_wakeups_unchanged_total: this.#unchanged,
        consul_turns_total: turns,
        consul_proofs_total: proofs,
        consul_proofs_refused_total: refused,
        consul_facts_total: this.#desk.facts,
        consul_instances: this.#desk.known.instance.size,
        consul_nodes: this.#desk.known.member.size,
      },
    }
  }

  #list(name: ListName): Followed {
    return {
      ...LISTS[name],
      index: () => this.#turns.lists?.indexes[name] ?? 0,
      wait: () => (this.#obstacles.isLimited ? LIMITED_WAIT : this.#wait),
      gate: () => this.#gate(name === 'checks'),
      heard: async (answer, isChanged) => {
        this.#heard(name, answer, isChanged)
        if (name === 'checks' && this.#obstacles.isLimited) await this.#others()
      },
      ...this.#common(),
    }
  }

  #watched(service: string): Followed {
    return {
      path: `/v1/health/service/${encodeURIComponent(service)}`,
      reduce: 'consulHealth',
      index: () => 0,
      wait: () => this.#wait,
      gate: () => this.#gate(false),
      heard: (answer, isChanged) => {
        this.#count(isChanged)
        this.#turns.lists?.watch(service, answer)
        if (isChanged) this.#turns.poke()
      },
      ...this.#common(),
    }
  }

  #common(): Pick<Followed, 'wentBack' | 'hindered'> {
    return {
      wentBack: () => this.#turns.suspect(),
      hindered: (hindrance, generation) => this.#obstacles.met(hindrance, generation),
    }
  }

  #heard(name: ListName, answer: Answer, isChanged: boolean): void {
    this.#count(isChanged)
    const isNewer = this.#turns.lists?.take(name, answer) === true
    // Older than what is known, or after something stood in the way: only a proof tells what is true now.
    if (!isNewer || this.#obstacles.isBlocked) this.#turns.poke(true)
    else if (isChanged) this.#turns.poke()
  }

  #count(isChanged: boolean): void {
    this.#wakeups += 1
    if (!isChanged) this.#unchanged += 1
    this.#obstacles.heard()
  }

  /** Where connections are few, one query waits and the other lists are read after each of its answers. */
  async #others(): Promise<void> {
    for (const name of ['names', 'nodes'] as const) {
      this.#heard(name, trusted(await this.#reader.ask({ ...LISTS[name], address: this.#line.address })), true)
    }
  }

  async #gate(isAlone: boolean): Promise<void> {
    const { signal } = this.#abort
    while (!signal.aborted && (this.#turns.lists === null || (this.#obstacles.isLimited && !isAlone))) await rest(100, signal)
  }

  /** Asks now and then who we are: a deleted token would be noticed only at the end of a query that waits. */
  async #guardToken(): Promise<void> {
    const { signal } = this.#abort
    const { tokenCheck } = this.#options.timing
    while (!signal.aborted) {
      await rest(this.#obstacles.isBlocked ? Math.min(HURRY, tokenCheck) : tokenCheck, signal)
      if (signal.aborted || this.#turns.lists === null) continue
      const { generation } = this.#line
      try {
        const found = await identify(this.#reader, this.#line.address)
        if (this.#obstacles.isBlocked || standingOf(this.#desk.cursor.identity, found) !== 'expected') this.#turns.poke(true)
      } catch (thrown) {
        if (!(thrown instanceof Hindered)) throw thrown
        if (!signal.aborted) this.#obstacles.met(thrown, generation)
      }
    }
  }

  get #wait(): number {
    return Math.max(1000, this.#options.timing.watchdog - MARGIN)
  }
}
