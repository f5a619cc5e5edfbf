import { Worker } from 'node:worker_threads'
import { failure, IntakeError, type Failure } from './intake-error.ts'
import type { Answer, Ask, Request, Said } from './messages.ts'
import { StreamHandle } from './stream-handle.ts'

/** How a caller gives up a read. */
export interface Cancel {
  readonly signal?: AbortSignal
}

interface Reading {
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: IntakeError) => void
}

/**
 * The main thread's end of the intake: one worker does all HTTP, so that no body, however large, is ever seen here. A worker that dies
 * fails what it was doing with code `crash`, and the next request starts another.
 */
export class Intake {
  #worker: Worker | null = null
  #number = 0
  #isClosed = false
  readonly #reads = new Map<number, Reading>()
  readonly #streams = new Map<number, StreamHandle>()

  /** Reads one answer; throws an IntakeError with its cause. */
  read(request: Request, { signal }: Cancel = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const number = this.#next()
      const give = (): void => {
        this.#reads.delete(number)
        this.#ask({ kind: 'close', number })
        reject(new IntakeError(failure('closed', 'the read was given up')))
      }
      if (signal?.aborted === true) return give()
      signal?.addEventListener('abort', give, { once: true })
      const over = (): void => signal?.removeEventListener('abort', give)
      this.#reads.set(number, {
        resolve: (answer) => {
          over()
          resolve(answer)
        },
        reject: (error) => {
          over()
          reject(error)
        },
      })
      this.#ask({ kind: 'read', number, request })
    })
  }

  /** Opens a stream; its parts come from the handle, and so does its end. */
  stream(request: Request): StreamHandle {
    const number = this.#next()
    const handle = new StreamHandle({
      taken: (bytes) => this.#ask({ kind: 'taken', number, bytes }),
      close: () => {
        this.#streams.delete(number)
        this.#ask({ kind: 'close', number })
      },
    })
    this.#streams.set(number, handle)
    this.#ask({ kind: 'stream', number, request })
    return handle
  }

  /** Ends the worker with everything that it does. */
  async close(): Promise<void> {
    this.#isClosed = true
    const worker = this.#worker
    this.#worker = null
    this.#fail('closed', 'the intake was closed')
    await worker?.terminate()
  }

  #next(): number {
    this.#number += 1
    return this.#number
  }

  #ask(ask: Ask): void {
    if (this.#isClosed) return this.#hear({ kind: 'failed', number: ask.number, failure: failure('closed', 'the intake was closed') })
    if (this.#worker === null && (ask.kind === 'close' || ask.kind === 'taken')) return
    this.#worker ??= this.#start()
    this.#worker.postMessage(ask)
  }

  #start(): Worker {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { resourceLimits: { maxYoungGenerationSizeMb: 16 } })
    worker.on('message', (said: Said) => this.#hear(said))
    worker.on('error', (error) => this.#lose(worker, error instanceof Error ? error.message : String(error)))
    worker.on('exit', () => this.#lose(worker, 'it ended'))
    return worker
  }

  #lose(worker: Worker, reason: string): void {
    if (this.#worker !== worker) return
    this.#worker = null
    this.#fail('crash', `the thread of the intake is lost: ${reason}`)
  }

  #fail(code: Failure['code'], message: string): void {
    for (const number of [...this.#reads.keys(), ...this.#streams.keys()]) this.#hear({ kind: 'failed', number, failure: failure(code, message) })
  }

  #hear(said: Said): void {
    const { number } = said
    const reading = this.#reads.get(number)
    if (reading !== undefined) {
      this.#reads.delete(number)
      if (said.kind === 'answer') reading.resolve(said.answer)
      if (said.kind === 'failed') reading.reject(new IntakeError(said.failure))
      return
    }
    const handle = this.#streams.get(number)
    if (said.kind === 'end' || said.kind === 'failed') this.#streams.delete(number)
    handle?.hear(said)
  }
}
