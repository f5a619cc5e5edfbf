import type { DatabaseSync } from 'node:sqlite'
import { ForeignVersion, lastAside, moveAside, noteTold, openDatabase } from './database.ts'
import { troubleOf, type Trouble } from './disk.ts'
import type { Answer, Answers, Ask, Numbered, Said } from './messages.ts'
import { Store } from './store.ts'

/** Pause before a refusing disk is tried again, doubled up to the second. */
const RETRY = [100, 2000] as const
/** What stays in the outbox after it was acknowledged, for an inbox that was restored from yesterday: rows and milliseconds. */
const KEPT_ROWS = 20_000
const KEPT_FOR = 10 * 60_000
/** Ids that are remembered to drop a fact that comes again: how many, and for how long. */
const KEPT_IDS = 500_000
const KEPT_IDS_FOR = 7 * 24 * 3_600_000
const SWEEP = 5000
/** Free pages that the file keeps for the next outage; what is beyond is given back to the file system. */
const SPARE_PAGES = 16_384

type Say = (said: Said, transfer?: readonly ArrayBuffer[]) => void

/** Owns the open journal: writes in groups, answers after the disk has, waits while the disk refuses. */
export class Keeper {
  readonly #path: string
  readonly #instance: string
  readonly #say: Say
  #database: DatabaseSync | null = null
  #store: Store | null = null
  /** Everything that was asked and not yet answered, in order. */
  #waiting: Numbered[] = []
  #problem: string | null = null
  #pause: number = RETRY[0]
  #isTold = false
  #movedTo: string | null = null
  /** A damaged journal of which nothing is written in this one yet. */
  #untold: string | null = null
  #isClosed = false

  constructor(path: string, instance: string, say: Say) {
    this.#path = path
    this.#instance = instance
    this.#say = say
  }

  /** Opens the file, or keeps trying to. */
  start(): void {
    this.#work()
    this.#sweepLater()
  }

  /** Takes the next questions; true when the journal was closed. */
  take(asked: readonly Numbered[]): boolean {
    this.#waiting.push(...asked)
    // While the disk refuses, the timer tries again; reading goes on.
    if (this.#problem === null) this.#work()
    else this.#readMeanwhile()
    return this.#isClosed
  }

  #work(): void {
    try {
      this.#open()
      this.#answer()
      this.#heal()
    } catch (thrown) {
      this.#meet(troubleOf(thrown), thrown)
    }
  }

  #open(): Store {
    if (this.#store !== null) return this.#store
    try {
      this.#database = openDatabase(this.#path)
      this.#store = new Store(this.#database, this.#instance)
    } catch (thrown) {
      this.#shut()
      // The sources know what the lost one held: only a new process begins without that.
      if (troubleOf(thrown).kind !== 'damaged' || this.#movedTo !== null || this.#isTold) throw thrown
      this.#movedTo = moveAside(this.#path, new Date())
      return this.#open()
    }
    if (!this.#isTold) {
      this.#untold = this.#movedTo ?? (this.#store.isNew ? lastAside(this.#path) : null)
      this.#say({ kind: 'open', snapshot: this.#store.snapshot, isNew: this.#store.isNew, movedTo: this.#untold })
    }
    this.#isTold = true
    return this.#store
  }

  /** Writes first, in one transaction; then what only reads, so that nothing is sent that is not on the disk. */
  #answer(): void {
    const store = this.#open()
    const writes = this.#waiting.filter(({ ask }) => isWrite(ask))
    if (writes.length > 0) {
      const answers = this.#commit(store, writes)
      this.#waiting = this.#waiting.filter(({ ask }) => !isWrite(ask))
      this.#noteTold()
      this.#say({ kind: 'answers', answers, snapshot: store.snapshot })
    }
    this.#deliver(store)
  }

  /** The first that is written after the journal was opened is the alarm; before that the next run has to raise it. */
  #noteTold(): void {
    const aside = this.#untold
    this.#untold = null
    try {
      if (aside !== null) noteTold(aside)
    } catch {
      // A disk that refuses an empty file: the alarm may come once more.
      this.#untold = aside
    }
  }

  #commit(store: Store, writes: readonly Numbered[]): Answer[] {
    try {
      return store.transact(() => {
        const made = writes.map(({ number, ask }) => ({ number, value: perform(store, ask) }))
        // Twice what came, or a flood would fill the file faster than it is emptied.
        store.compact(2 * made.reduce((sum, { value }) => sum + (value !== null && 'written' in value ? value.written : 1), 0), limits())
        return made
      })
    } catch (thrown) {
      if (troubleOf(thrown).kind !== 'bug') throw thrown
      // One of them is wrong: alone, each that is right is written, and the wrong one is told so.
      return writes.map(({ number, ask }) => {
        try {
          return { number, value: store.transact(() => perform(store, ask)) }
        } catch (one) {
          const trouble = troubleOf(one)
          if (trouble.kind !== 'bug') throw one
          return { number, failed: trouble.says }
        }
      })
    }
  }

  #deliver(store: Store): void {
    const answers: Answer[] = []
    const transfer: ArrayBuffer[] = []
    for (const { number, ask } of this.#waiting) {
      const value = ask.kind === 'close' ? null : perform(store, ask)
      if (value !== null && 'frame' in value && value.frame !== null) transfer.push(value.frame)
      answers.push({ number, value })
    }
    const isClosing = this.#waiting.some(({ ask }) => ask.kind === 'close')
    this.#waiting = []
    if (isClosing) this.#close()
    if (answers.length > 0) this.#say({ kind: 'answers', answers, snapshot: store.snapshot }, transfer)
  }

  /** Answers what only reads while writes wait for the disk. */
  #readMeanwhile(): void {
    const store = this.#store
    if (store === null) {
      if (this.#waiting.some(({ ask }) => ask.kind === 'close')) this.#close()
      return
    }
    const writes = this.#waiting.filter(({ ask }) => isWrite(ask))
    this.#waiting = this.#waiting.filter(({ ask }) => !isWrite(ask))
    try {
      this.#deliver(store)
    } catch (thrown) {
      // The disk refuses reading too: the questions stay, and the timer tries again.
      if (troubleOf(thrown).kind !== 'disk') throw thrown
    } finally {
      this.#waiting = [...writes, ...this.#waiting]
    }
  }

  #heal(): void {
    this.#pause = RETRY[0]
    if (this.#problem === null) return
    this.#problem = null
    this.#say({ kind: 'disk', problem: null })
  }

  #meet(trouble: Trouble, thrown: unknown): void {
    if (trouble.kind === 'disk') return this.#wait(trouble)
    this.#shut()
    if (thrown instanceof ForeignVersion) return this.#say({ kind: 'fatal', code: 'EOS621', message: thrown.message })
    if (trouble.kind === 'busy') return this.#say({ kind: 'fatal', code: 'EOS620', message: `${this.#path} is used by another process (${trouble.says})` })
    if (trouble.kind === 'damaged') {
      const aside = moveAside(this.#path, new Date())
      return this.#say({ kind: 'fatal', code: 'EOS622', message: `${this.#path} is damaged (${trouble.says}); it was moved to ${aside}` })
    }
    this.#say({ kind: 'fatal', code: 'EOS623', message: trouble.says })
  }

  #wait(trouble: Extract<Trouble, { kind: 'disk' }>): void {
    if (this.#problem !== trouble.says) this.#say({ kind: 'disk', problem: trouble.says })
    this.#problem = trouble.says
    // A full disk keeps the log that was already allocated: written back into the file, it can be used again from its beginning.
    if (trouble.isFull) this.#reuseLog()
    else this.#shut()
    setTimeout(() => !this.#isClosed && this.#work(), this.#pause)
    this.#pause = Math.min(this.#pause * 2, RETRY[1])
  }

  #reuseLog(): void {
    try {
      this.#database?.exec('PRAGMA wal_checkpoint(RESTART)')
    } catch (thrown) {
      if (troubleOf(thrown).kind !== 'disk') throw thrown
    }
  }

  #sweepLater(): void {
    setTimeout(() => {
      if (this.#isClosed) return
      if (this.#problem === null && this.#store !== null && this.#waiting.length === 0) this.#sweep(this.#store)
      this.#sweepLater()
    }, SWEEP).unref()
  }

  #sweep(store: Store): void {
    try {
      store.transact(() => store.compact(5000, limits()))
      if (store.freePages() > SPARE_PAGES) this.#database?.exec('PRAGMA incremental_vacuum(2000)')
    } catch (thrown) {
      this.#meet(troubleOf(thrown), thrown)
    }
  }

  #close(): void {
    this.#isClosed = true
    this.#shut()
  }

  #shut(): void {
    try {
      this.#database?.close()
    } finally {
      this.#database = null
      this.#store = null
    }
  }
}

function isWrite(ask: Ask): boolean {
  return ask.kind === 'write' || ask.kind === 'acknowledge' || ask.kind === 'rebase' || ask.kind === 'prune'
}

function limits(): Parameters<Store['compact']>[1] {
  const now = Date.now()
  return { rows: KEPT_ROWS, ids: KEPT_IDS, before: now - KEPT_FOR, idsBefore: now - KEPT_IDS_FOR }
}

function perform(store: Store, ask: Ask): Answers[keyof Answers] {
  switch (ask.kind) {
    case 'write':
      return store.write(ask.write)
    case 'acknowledge':
      return store.acknowledge(ask.seq, ask.refused)
    case 'rebase':
      return store.rebase(ask.epoch, ask.keep, ask.cursors)
    case 'prune':
      return store.prune(ask.before, ask.cursors)
    case 'read':
      return store.read(ask.from, ask.limit, ask.bytes)
    case 'remember':
      return store.remember(ask.source, ask.after)
    case 'oldest':
      return store.oldest()
    case 'close':
      return null
  }
}
