import type { Json } from '../fact.ts'
import type { Intake } from '../intake/intake.ts'
import { IntakeError } from '../intake/intake-error.ts'
import type { Answer } from '../intake/messages.ts'
import type { ReducerName } from '../intake/reducers.ts'
import type { StreamHandle } from '../intake/stream-handle.ts'
import type { TokenFile } from '../token.ts'
import { AuthProblem, tokenFrom } from './credentials.ts'
import { tokenFor } from './rights.ts'

/** Milliseconds for one answer that does not wait. */
const PATIENCE = 30_000
/** Rows on one page of a list. */
const PAGE = 300
const TOPICS = ['Job', 'Allocation', 'Evaluation', 'Deployment', 'Node', 'Service']

/** How one region is reached. */
export interface Access {
  readonly addresses: readonly string[]
  readonly ca: string
  readonly token: TokenFile
}

/** One page of a list. */
export interface Page {
  readonly rows: readonly Json[]
  readonly index: number
}

/** Nomad's API as this source uses it: one address at a time, the next one when it does not answer. */
export class Api {
  readonly #intake: Intake
  readonly #access: Access
  #position = 0

  constructor(intake: Intake, access: Access) {
    this.#intake = intake
    this.#access = access
  }

  /** The address that is asked now. */
  get address(): string {
    return this.#access.addresses[this.#position % this.#access.addresses.length] ?? ''
  }

  /** How many addresses there are. */
  get addresses(): number {
    return this.#access.addresses.length
  }

  /** From now on the next address is asked, unless another request has turned away from this one already. */
  turn(deaf = this.address): void {
    if (deaf !== this.address) return
    this.#position = (this.#position + 1) % this.#access.addresses.length
  }

  /** Reads one answer; an address that does not answer is left for the next one, each tried once. */
  async read(path: string, reduce: ReducerName, more: { readonly timeout?: number; readonly signal?: AbortSignal } = {}): Promise<Answer> {
    for (let tried = 1; ; tried += 1) {
      const { address } = this
      try {
        return await this.#intake.read({ ...this.#request(path, reduce), timeout: more.timeout ?? PATIENCE }, more)
      } catch (thrown) {
        if (isRightMissing(thrown)) throw new AuthProblem(`${thrown.message}; expected ${tokenFor(path)}`)
        if (!isDeaf(thrown) || tried >= this.#access.addresses.length) throw thrown
        this.turn(address)
      }
    }
  }

  /** Reads a list page by page. */
  pages(path: string, reduce: ReducerName, signal?: AbortSignal): AsyncGenerator<Page> {
    return readPages((next) => this.read(`${path}${path.includes('?') ? '&' : '?'}per_page=${PAGE}${next}`, reduce, signal === undefined ? {} : { signal }))
  }

  /** Opens the stream from an index on, at the address that is asked now. */
  stream(index: number, timeout: number): StreamHandle {
    const topics = TOPICS.map((topic) => `topic=${topic}`).join('&')
    return this.#intake.stream({ ...this.#request(`/v1/event/stream?${topics}&namespace=*&index=${index}`, 'nomadEvent'), timeout })
  }

  #request(path: string, reduce: ReducerName): { readonly url: string; readonly token: string; readonly header: 'X-Nomad-Token'; readonly ca: string; readonly reduce: ReducerName } {
    return { url: `${this.address}${path}`, token: tokenFrom(this.#access.token), header: 'X-Nomad-Token', ca: this.#access.ca, reduce }
  }
}

async function* readPages(read: (next: string) => Promise<Answer>): AsyncGenerator<Page> {
  let next = ''
  for (;;) {
    const { value, headers } = await read(next)
    const rows: readonly Json[] = Array.isArray(value) ? value : []
    yield { rows, index: indexOf(headers) }
    const token = headers['x-nomad-nexttoken'] ?? ''
    if (token === '') return
    next = `&next_token=${encodeURIComponent(token)}`
  }
}

/** The index of a list. */
export function indexOf(headers: Readonly<Record<string, string>>): number {
  return Number(headers['x-nomad-index'] ?? 0)
}

/** True for an answer that refuses the token. */
export function isRightMissing(thrown: unknown): thrown is IntakeError {
  return thrown instanceof IntakeError && (thrown.status === 401 || thrown.status === 403)
}

/** True when another address may do better. */
function isDeaf(thrown: unknown): boolean {
  return thrown instanceof IntakeError && (thrown.code === 'refused' || thrown.code === 'timeout' || thrown.code === 'tls' || thrown.status >= 500)
}
