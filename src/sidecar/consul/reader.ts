import { IntakeError } from '../intake/intake-error.ts'
import type { Intake } from '../intake/intake.ts'
import type { ReducerName } from '../intake/reducers.ts'
import { Refusal } from '../refusal.ts'
import type { TokenFile } from '../token.ts'
import { answerOf, type Answer } from './answer.ts'

/** What keeps the source from reading, or from judging what it read; each is told once when it begins and once when it is over. */
export type Hindrance = 'auth' | 'filtered' | 'stale' | 'limited' | 'unreachable' | 'internal'

/** A question to one agent. */
export interface Question {
  readonly path: string
  readonly reduce: ReducerName
  readonly address: string
  /** Wait for a change after this index, for at most `wait` milliseconds; without it the answer comes at once. */
  readonly after?: { readonly index: number; readonly wait: number }
  /** Let the leader ask the others whether it still is the leader, before it answers. */
  readonly isConsistent?: boolean
}

/** An answer that did not come, with what it means. */
export class Hindered extends Error {
  override readonly cause: Hindrance
  readonly status: number

  constructor(cause: Hindrance, message: string, status = 0) {
    super(message)
    this.name = 'Hindered'
    this.cause = cause
    this.status = status
  }
}

/** Milliseconds for an answer that does not wait. */
const PATIENCE = 10_000

/** Asks Consul through the intake; never without a token. */
export class Reader {
  readonly #intake: Intake
  readonly #token: TokenFile
  readonly #ca: string
  readonly #abort = new AbortController()
  /** Answers and their bytes since the start. */
  reads = 0
  bytes = 0
  heard = 0

  constructor(intake: Intake, token: TokenFile, ca: string) {
    this.#intake = intake
    this.#token = token
    this.#ca = ca
  }

  /** The token as it is in the file now. */
  token(): string {
    try {
      return this.#token()
    } catch (thrown) {
      if (thrown instanceof Refusal) throw new Hindered('auth', thrown.message)
      throw thrown
    }
  }

  /** Asks one question; throws Hindered where no answer is to be had. */
  async ask(question: Question): Promise<Answer> {
    const { path, reduce, address, after, isConsistent = false } = question
    const token = this.token()
    const query = [...(after === undefined ? [] : [`index=${after.index}`, `wait=${after.wait}ms`]), ...(isConsistent ? ['consistent'] : [])].join('&')
    // Consul adds up to a sixteenth to the wait, so that not all come at once.
    const timeout = after === undefined ? PATIENCE : Math.ceil(after.wait * (17 / 16)) + 5000
    try {
      const { headers, value, bytes } = await this.#intake.read({ url: `${address}${path}${query === '' ? '' : `?${query}`}`, token, header: 'X-Consul-Token', ca: this.#ca, timeout, reduce }, { signal: this.#abort.signal })
      this.reads += 1
      this.bytes += bytes
      this.heard = Date.now()
      return answerOf(path, address, headers, value)
    } catch (thrown) {
      const met = hindered(thrown)
      // A query that waited since before the token was replaced says nothing about the new one.
      if (met instanceof Hindered && met.cause === 'auth' && this.token() !== token) return this.ask({ path, reduce, address, isConsistent })
      throw met
    }
  }

  /** Gives up everything that is under way. */
  stop(): void {
    this.#abort.abort()
  }
}

function hindered(thrown: unknown): unknown {
  if (!(thrown instanceof IntakeError)) return thrown
  const { status, message } = thrown
  if (status === 401 || status === 403) return new Hindered('auth', message, status)
  if (status === 429) return new Hindered('limited', message, status)
  return new Hindered('unreachable', message, status)
}
