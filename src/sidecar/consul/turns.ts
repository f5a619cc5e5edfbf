import { Backoff } from '../backoff.ts'
import type { Log } from '../log.ts'
import { messageOf } from '../refusal.ts'
import { Bucket } from './bucket.ts'
import { rest, type Taken } from './desk.ts'
import { Lists, type Held } from './lists.ts'
import type { Judgement } from './moment.ts'
import type { Obstacles } from './obstacles.ts'
import { hostOf, prove, type Court } from './proof.ts'
import { Hindered } from './reader.ts'
import { readBare, trusted, wantedNames } from './survey.ts'

/** Longest delay that a timer of Node can hold. */
const FAR = 2_000_000_000

/** Judges what the lists show, one view after the other; what seems to be missing is proved before it is believed. */
export class Turns {
  readonly #court: Court
  readonly #obstacles: Obstacles
  readonly #log: Log
  readonly #bucket = new Bucket(2, 1000, Date.now())
  readonly #backoff = new Backoff(500, 5000)
  #lists: Lists | null = null
  #origin: Taken['origin'] = 'resync'
  #wantsProof = true
  #mayBeRestored = false
  #isWanted = false
  #isRunning = false
  #running: Promise<void> = Promise.resolve()
  /** When every node was asked last, and whether its catalogue moved since. */
  #auditedAt = 0
  #isAuditOwed = false
  #timer: NodeJS.Timeout | undefined
  /** Views in a row that were read and could not be judged or written. */
  #broken = 0
  readonly counters = { turns: 0, proofs: 0, refused: 0 }

  constructor(court: Court, obstacles: Obstacles, log: Log) {
    this.#court = court
    this.#obstacles = obstacles
    this.#log = log
  }

  /** The lists as they were proved last, with what came since; null until the first proof. */
  get lists(): Lists | null {
    return this.#lists
  }

  /** Something may have changed; with `wantsProof` everything is read again, consistently. */
  poke(wantsProof = false): void {
    this.#wantsProof ||= wantsProof
    this.#isWanted = true
    if (this.#isRunning || this.#court.signal.aborted) return
    this.#isRunning = true
    this.#running = this.#run()
  }

  /** The servers may have been restored: what is missing now was not removed by anybody. */
  suspect(): void {
    this.#mayBeRestored = true
    this.poke(true)
  }

  /** Resolves when the turn that runs is over; there will be no other one. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer)
    await this.#running
  }

  async #run(): Promise<void> {
    clearTimeout(this.#timer)
    const { signal, desk, line } = this.#court
    while (this.#isWanted && !signal.aborted) {
      this.#isWanted = false
      const { generation } = line
      try {
        await this.#turn()
        this.#backoff.reset()
        this.#broken = 0
      } catch (thrown) {
        this.#failed(thrown, generation)
        await rest(250 + this.#backoff.next(), signal)
      }
    }
    this.#isRunning = false
    const due = Math.min(desk.due, this.#isAuditOwed ? this.#auditedAt + this.#court.audit : Infinity)
    if (signal.aborted || due === Infinity) return
    this.#timer = setTimeout(() => this.poke(), Math.min(FAR, Math.max(50, due - Date.now())))
  }

  #failed(thrown: unknown, generation: number): void {
    this.#wantsProof = true
    this.#isWanted = true
    this.counters.refused += 1
    if (this.#court.signal.aborted) return
    if (thrown instanceof Hindered) return this.#obstacles.met(thrown, generation)
    const problem = `a view could not be judged or written: ${messageOf(thrown)}`
    this.#log('error', problem, { source: this.#court.desk.name })
    this.#broken += 1
    // Once, it may have been the moment; what comes again stays, and somebody must know that nothing is told meanwhile.
    if (this.#broken > 1) this.#obstacles.met(new Hindered('internal', problem), generation)
  }

  async #turn(): Promise<void> {
    this.counters.turns += 1
    const lists = this.#lists
    if (lists !== null && !this.#wantsProof && !this.#obstacles.isBlocked && isSure(await this.#judge(lists))) return
    await this.#prove()
  }

  async #judge(lists: Lists): Promise<Judgement> {
    const { desk, line } = this.#court
    const isAudit = Date.now() - this.#auditedAt >= this.#court.audit || Date.now() < this.#auditedAt
    if (lists.isBareOld || (this.#isAuditOwed && isAudit)) await this.#refresh(lists, isAudit)
    const { indexes } = lists
    const taken: Taken = { origin: 'stream', indexes, proof: null, evidence: [`consul:checks:${indexes.checks}`, `consul:nodes:${indexes.nodes}`], isReverted: false, server: hostOf(line.address) }
    return desk.settle(lists.view(), taken)
  }

  /** Reads the instances of services without checks. A name that is new may have checks which the older list lacks: that is read after. */
  async #refresh(lists: Lists, isWhole: boolean): Promise<void> {
    const { desk, line, reader } = this.#court
    const { address } = line
    const { names, indexes } = lists
    const wanted = wantedNames(lists.checks, names, desk.known)
    const bare = await readBare(wanted, isWhole ? Infinity : desk.known.member.size, async (path, reduce) => trusted(await reader.ask({ path, reduce, address })))
    const remembered = new Set([...desk.known.instance.values()].filter(({ health }) => health === 'unchecked').map(({ name }) => name))
    if (isWhole || wanted.some((name) => !remembered.has(name))) lists.take('checks', trusted(await reader.ask({ path: '/v1/health/state/any', reduce: 'consulChecks', address })))
    lists.takeBare(bare, indexes.names)
    this.#isAuditOwed = !isWhole
    if (isWhole) this.#auditedAt = Date.now()
  }

  async #prove(): Promise<void> {
    const { desk, signal } = this.#court
    await rest(this.#bucket.take(Date.now()), signal)
    if (signal.aborted) return
    const isWhole = this.#lists === null
    const mayBeRestored = this.#mayBeRestored
    this.#wantsProof = false
    const then = this.#lists?.held
    const { view, survey, taken } = await prove(this.#court, { origin: this.#origin, mayBeRestored, isWhole })
    if (isWhole) this.#auditedAt = Date.now()
    this.counters.proofs += 1
    const judgement = await desk.settle(view, taken)
    if (mayBeRestored) this.#mayBeRestored = false
    this.#replace(new Lists(survey), then, taken.isReverted)
    this.#origin = 'stream'
    this.#obstacles.passed()
    // Indexes of two epochs cannot be compared, so what came meanwhile is read once more.
    if (isSure(judgement) && !taken.isReverted) return
    this.#wantsProof = true
    this.#isWanted = true
  }

  /** The proved lists take the place of the older ones, with what these were brought since `then`. */
  #replace(proved: Lists, then: Held | undefined, isReverted: boolean): void {
    if (this.#lists !== null && then !== undefined && !isReverted) proved.carry(then, this.#lists.held)
    this.#lists = proved
  }
}

function isSure({ doubts }: Judgement): boolean {
  return doubts.instances.length === 0 && doubts.members.length === 0 && !doubts.isDue
}
