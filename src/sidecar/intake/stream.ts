import type { IncomingMessage } from 'node:http'
import { headersOf, readStatus } from './answer.ts'
import { readFrame } from './frames.ts'
import { failure } from './intake-error.ts'
import { Lines } from './lines.ts'
import type { Part, Request, Said } from './messages.ts'
import { REDUCERS } from './reducers.ts'
import { hostOf, openRequest, type Opened } from './request.ts'

/** Events in one message to the main thread: more would hold it while it unpacks them. */
const PIECE = 200
/** Bytes of lines that may wait in the main thread before the socket is left to wait. */
const WINDOW = 32 * 1024 * 1024

/** Milliseconds between two signs of life while a long line comes. */
const ALIVE = 1000

/** Reads one stream in the intake's thread: as fast as it comes, within a window of what the main thread has not taken yet. */
export class Stream {
  readonly #number: number
  readonly #request: Request
  readonly #say: (said: Said) => void
  readonly #lines = new Lines()
  readonly #opened: Opened
  #response: IncomingMessage | null = null
  #waiting = 0
  #said = 0
  #isOver = false

  constructor(number: number, request: Request, say: (said: Said) => void) {
    this.#number = number
    this.#request = request
    this.#say = say
    this.#opened = openRequest(request, (result) => ('failed' in result ? this.#over({ kind: 'failed', number, failure: result.failed }) : this.#open(result.response)))
  }

  /** The main thread has taken parts of so many bytes. */
  taken(bytes: number): void {
    this.#waiting -= bytes
    if (this.#waiting < WINDOW) this.#response?.resume()
  }

  /** Ends it without a word. */
  close(): void {
    this.#isOver = true
    this.#opened.destroy()
  }

  #open(response: IncomingMessage): void {
    if (this.#isOver) return void response.destroy()
    if (response.statusCode !== 200) return this.#refused(response)
    this.#response = response
    this.#say({ kind: 'open', number: this.#number, headers: headersOf(response) })
    response.on('data', (bytes: Buffer) => this.#read(bytes))
    response.on('end', () => this.#over({ kind: 'end', number: this.#number, torn: this.#lines.pending }))
    // A cut connection is an end like any other: what was not a whole line never happened.
    response.on('error', () => this.#over({ kind: 'end', number: this.#number, torn: this.#lines.pending }))
    response.on('close', () => this.#over({ kind: 'end', number: this.#number, torn: this.#lines.pending }))
  }

  /** A refusal is told with as much of its text as comes in time. */
  #refused(response: IncomingMessage): void {
    const timer = setTimeout(() => response.destroy(), this.#request.timeout)
    response.on('close', () => clearTimeout(timer))
    readStatus(response, hostOf(this.#request), (failed) => this.#over({ kind: 'failed', number: this.#number, failure: failed }))
  }

  #read(bytes: Buffer): void {
    try {
      for (const line of this.#lines.take(bytes)) {
        if (this.#isOver) return
        if (line.length > 0) this.#tell(readFrame(line, REDUCERS[this.#request.reduce]))
      }
    } catch (thrown) {
      // A bug of a reducer or a line without end: the stream ends, the thread goes on.
      this.#over({ kind: 'failed', number: this.#number, failure: failure('parse', thrown instanceof Error ? thrown.message : String(thrown)) })
      this.#opened.destroy()
    }
    if (this.#waiting >= WINDOW) this.#response?.pause()
    if (this.#lines.pending > 0) this.#live()
  }

  #live(): void {
    const now = performance.now()
    if (this.#isOver || now - this.#said < ALIVE) return
    this.#said = now
    this.#say({ kind: 'alive', number: this.#number })
  }

  #tell(part: Part): void {
    const number = this.#number
    if (part.kind !== 'frame' || part.events.length <= PIECE) return this.#part(part, true)
    for (let from = 0; from < part.events.length; from += PIECE) {
      const isLast = from + PIECE >= part.events.length
      const piece: Part = { ...part, events: part.events.slice(from, from + PIECE), bytes: isLast ? part.bytes : 0 }
      this.#say({ kind: 'part', number, part: piece, isLast })
    }
    this.#waiting += part.bytes
  }

  #part(part: Part, isLast: boolean): void {
    if (part.kind !== 'heartbeat') this.#waiting += part.bytes
    this.#say({ kind: 'part', number: this.#number, part, isLast })
  }

  #over(said: Said): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#say(said)
  }
}
