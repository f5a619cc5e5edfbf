import { Worker } from 'node:worker_threads'
import type { SidecarCode } from '../codes.ts'
import { Refusal } from '../refusal.ts'
import type { Answer, Answers, Ask, Said, Snapshot } from './messages.ts'

/** What the journal tells without being asked. */
export interface JournalEvents {
  /** The file is open: a new one, or one beside which a damaged one was moved. */
  readonly opened: (snapshot: Snapshot, isNew: boolean, movedTo: string | null) => void
  /** The disk refuses, with the reason, or takes writes again (null). */
  readonly disk: (problem: string | null) => void
  /** It cannot go on; the process must end. */
  readonly fatal: (problem: Refusal) => void
  /** Numbers have changed. */
  readonly changed: (snapshot: Snapshot) => void
}

type Kind = keyof Answers
interface Pending {
  readonly resolve: (value: Answers[Kind]) => void
  readonly reject: (reason: Error) => void
}

/** The main thread's end of the journal: questions go to its thread, answers come when they are on the disk. */
export class JournalClient {
  readonly #worker: Worker
  readonly #events: JournalEvents
  readonly #pending = new Map<number, Pending>()
  #number = 0
  #isClosing = false
  /** Where the journal stands; null until the file is open. */
  snapshot: Snapshot | null = null

  constructor(path: string, instance: string, events: JournalEvents) {
    this.#events = events
    this.#worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: { path, instance }, resourceLimits: { maxYoungGenerationSizeMb: 8 } })
    this.#worker.on('message', (said: Said) => this.#hear(said))
    this.#worker.on('error', (error) => this.#fail('EOS623', messageLine(error)))
    this.#worker.on('exit', () => {
      if (!this.#isClosing) this.#fail('EOS623', 'its thread ended')
    })
  }

  /** Asks; the promise waits as long as the disk refuses. */
  ask<K extends Kind>(ask: Extract<Ask, { kind: K }>): Promise<Answers[K]>
  ask(ask: Ask): Promise<Answers[Kind]> {
    return new Promise((resolve, reject) => {
      this.#number += 1
      this.#pending.set(this.#number, { resolve, reject })
      this.#worker.postMessage({ number: this.#number, ask })
    })
  }

  /** How many questions wait for their answer. */
  get waiting(): number {
    return this.#pending.size
  }

  /** Writes what was asked before, closes the file and ends the thread; after `patience` milliseconds it ends without. */
  async close(patience: number): Promise<void> {
    this.#isClosing = true
    await Promise.race([this.ask({ kind: 'close' }), new Promise((resolve) => setTimeout(resolve, patience).unref())])
    await this.#worker.terminate()
  }

  #hear(said: Said): void {
    if (said.kind === 'disk') return this.#events.disk(said.problem)
    if (said.kind === 'fatal') return this.#fail(said.code, said.message)
    this.snapshot = said.snapshot
    if (said.kind === 'open') return this.#events.opened(said.snapshot, said.isNew, said.movedTo)
    for (const answer of said.answers) this.#settle(answer)
    this.#events.changed(said.snapshot)
  }

  #settle(answer: Answer): void {
    const pending = this.#pending.get(answer.number)
    this.#pending.delete(answer.number)
    if ('failed' in answer) pending?.reject(new Refusal('EOS623', `the journal refused a write: ${answer.failed}`, 'a write that fits its tables', 'report it with this line'))
    else pending?.resolve(answer.value)
  }

  #fail(code: SidecarCode, message: string): void {
    if (this.#isClosing) return
    this.#isClosing = true
    this.#events.fatal(new Refusal(code, message, 'a journal that this process alone can write', 'see the line above, then start the sidecar again'))
  }
}

function messageLine(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message).replace(/\s*\n\s*/g, ' | ') : String(error)
}
