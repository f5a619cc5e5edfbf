import { createConnection, type Socket } from 'node:net'
import { messageOf } from '../refusal.ts'
import { encodeFrame, FrameReader } from './frames.ts'
import { readEngine, type FromEngine } from './protocol.ts'

/** What happens on a connection to the engine; `closed` comes exactly once, last. */
export interface ConnectionEvents {
  readonly opened: () => void
  readonly heard: (message: FromEngine) => void
  readonly closed: (reason: string) => void
}

/** One connection to the engine's socket, in frames. */
export class Connection {
  readonly #socket: Socket
  #reason = 'the engine closed the connection'

  constructor(path: string, events: ConnectionEvents) {
    const reader = new FrameReader()
    this.#socket = createConnection({ path })
    this.#socket.on('connect', events.opened)
    this.#socket.on('data', (bytes: Buffer) => {
      try {
        for (const text of reader.push(bytes)) if (!this.#socket.destroyed) events.heard(readEngine(text))
      } catch (thrown) {
        this.close(messageOf(thrown))
      }
    })
    this.#socket.on('error', (error) => {
      this.#reason = messageOf(error)
    })
    this.#socket.on('close', () => events.closed(this.#reason))
  }

  /** Sends one message. */
  say(message: object): void {
    this.#socket.write(encodeFrame(message))
  }

  /** Sends a frame that is already made. */
  send(frame: ArrayBuffer): void {
    this.#socket.write(new Uint8Array(frame))
  }

  /** Ends the connection at once. */
  close(reason: string): void {
    this.#reason = reason
    this.#socket.destroy()
  }
}
