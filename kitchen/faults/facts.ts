import { setTimeout as sleep } from 'node:timers/promises'
import { attemptOnNode, onNode } from '../node/container.ts'
import { tail } from '../run/command.ts'
import { Failure } from '../run/failure.ts'

/** An event of Eos as `salt-run eos.events --out=json` gives it. */
export interface Envelope {
  readonly id: string
  readonly epoch: string
  readonly seq: number
  readonly event: string
  readonly verb: string
  readonly tag: string
  readonly severity: string
  readonly origin: string
  readonly settled: boolean
  readonly time: { readonly occurred: string | null; readonly observed: string }
  readonly subject: Readonly<Record<string, unknown>>
  readonly verdict: Readonly<Record<string, unknown>>
  readonly change: Readonly<Record<string, unknown>>
  readonly links: Readonly<Record<string, unknown>>
  readonly related: readonly string[]
  readonly evidence: readonly string[]
}

/** How far back the runner is asked, and for how many at most. */
const BACK = ['since=1h', 'limit=5000'] as const

/** Asks the runner on the master for the latest events, oldest first, as an SRE's script would. */
export async function facts(master: string, ...filters: readonly string[]): Promise<readonly Envelope[]> {
  const outcome = await attemptOnNode(master, ['salt-run', '--out=json', '--log-level=quiet', 'eos.events', ...BACK, ...filters])
  if (outcome.code !== 0) {
    throw new Failure(`salt-run eos.events ended with ${outcome.code}; expected 0\n${tail(outcome)}`, `npm run lab -- exec ${master} -- salt-run eos.events`)
  }
  const found: readonly Envelope[] = JSON.parse(outcome.stdout)
  return found
}

/** The events that came after a moment: the moment is a list of all that were there. */
export class Moment {
  readonly #master: string
  readonly #known: ReadonlySet<string>

  constructor(master: string, before: readonly Envelope[]) {
    this.#master = master
    this.#known = new Set(before.map(({ id }) => id))
  }

  /** Everything that came since, oldest first. */
  async since(): Promise<readonly Envelope[]> {
    return (await facts(this.#master)).filter(({ id }) => !this.#known.has(id))
  }

  /** Waits for the first event since then that is meant. */
  async until(what: string, isMeant: (one: Envelope) => boolean, seconds = 60): Promise<Envelope> {
    let came: readonly Envelope[] = []
    for (const deadline = Date.now() + seconds * 1000; Date.now() < deadline; await sleep(500)) {
      came = await this.since()
      const found = came.find(isMeant)
      if (found !== undefined) return found
    }
    const seen = came.map(({ tag, settled }) => `    ${tag}${settled ? '' : ' (unsettled)'}`).join('\n')
    throw new Failure(`no event came within ${seconds} s that says: ${what}; what came:\n${seen || '    nothing'}`, `npm run lab -- exec ${this.#master} -- salt-run eos.bridge`)
  }
}

/** Remembers what is there now. */
export async function moment(master: string): Promise<Moment> {
  return new Moment(master, await facts(master))
}

/** The line that the runner prints for people about one event, without the events that it is related to. */
export async function lineOf(master: string, one: Envelope): Promise<string> {
  const printed = await onNode(master, ['salt-run', '--log-level=quiet', 'eos.events', ...BACK, `tag=${one.tag}`])
  return printed.trim().split('\n').at(-1)?.replace(/^- /, '').replace(/; with .*\]$/, ']') ?? ''
}
