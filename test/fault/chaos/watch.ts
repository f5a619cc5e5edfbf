import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../../../kitchen/run/failure.ts'
import { sh } from './node.ts'

/** How the healer was at one moment. */
export interface Look {
  readonly at: number
  /** `silent` where its word is old or missing. */
  readonly state: string
  readonly why: string
  readonly lag: number | null
  /** Resident memory of the engine, in MB. */
  readonly memory: number
}

const SCRIPT = `cat /var/lib/eos/healer.status.json; echo; pid=$(sed -n 's/.*"pid": \\([0-9]*\\).*/\\1/p' /var/lib/eos/healer.status.json); sed -n 's/^VmRSS:[^0-9]*\\([0-9]*\\).*/\\1/p' /proc/$pid/status 2>/dev/null; date +%s`
const OLD = 10
const EVERY = 5

/** Looks at the healer every few seconds until it is told to end. */
export class Watch {
  readonly looks: Look[] = []
  #isOver = false
  readonly #ended: Promise<void>

  constructor() {
    this.#ended = this.#run()
  }

  async end(): Promise<void> {
    this.#isOver = true
    await this.#ended
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      this.looks.push(await look())
      await sleep(EVERY * 1000)
    }
  }
}

/** Looks once. */
export async function look(): Promise<Look> {
  try {
    const [status = '', ...rest] = (await sh(SCRIPT)).trim().split('\n')
    const said: { readonly at: number; readonly state: string; readonly why: string; readonly lag: number | null } = JSON.parse(status)
    const now = Number(rest.at(-1))
    // The clock that is moved is the master's, so its word may be hours old or young.
    const isOld = Math.abs(now - said.at) % 600 > OLD && Math.abs(now - said.at) % 600 < 600 - OLD
    return { at: Date.now(), state: isOld ? 'silent' : said.state, why: said.why, lag: said.lag, memory: rest.length > 1 ? Math.round(Number(rest[0]) / 1024) : 0 }
  } catch (thrown) {
    return { at: Date.now(), state: 'silent', why: messageOf(thrown).slice(0, 100), lag: null, memory: 0 }
  }
}
