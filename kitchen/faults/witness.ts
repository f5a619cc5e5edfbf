import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { containerName } from '../node/container.ts'
import { Failure } from '../run/failure.ts'
import type { Envelope } from './facts.ts'

/** Ends with its input, so that nothing is left on the node when this process goes. */
const FOLLOW = 'salt-run --out=json --log-level=quiet eos.events follow=True limit=1 & cat >/dev/null; kill $!'

/** An event and the moment, in milliseconds, at which a person who follows had its line on the screen. */
export interface Seen {
  readonly event: Envelope
  readonly at: number
}

/** Follows the events as an SRE does, and keeps when each line came. */
export class Witness {
  readonly #child: ChildProcess
  readonly #master: string
  readonly #seen: Seen[] = []

  private constructor(master: string) {
    this.#master = master
    this.#child = spawn('docker', ['exec', '-i', containerName(master), 'sh', '-c', FOLLOW], { stdio: ['pipe', 'pipe', 'ignore'] })
    const { stdout } = this.#child
    if (stdout !== null) createInterface({ input: stdout }).on('line', (line) => this.#take(line))
  }

  /** Begins to follow, and returns when it does: it shows the latest event first. */
  static async of(master: string): Promise<Witness> {
    const made = new Witness(master)
    await made.until('the latest event', () => true, 0, 30)
    return made
  }

  /** How many lines have come: what comes later has at least this place. */
  get count(): number {
    return this.#seen.length
  }

  /** Waits for the first line from a place on that is meant. */
  async until(what: string, isMeant: (one: Envelope) => boolean, from: number, seconds: number): Promise<Seen> {
    for (const deadline = Date.now() + seconds * 1000; Date.now() < deadline; await sleep(100)) {
      const found = this.#seen.slice(from).find(({ event }) => isMeant(event))
      if (found !== undefined) return found
    }
    const came = this.#seen.slice(from).map(({ event: { tag, settled } }) => `    ${tag}${settled ? '' : ' (unsettled)'}`).join('\n')
    throw new Failure(`no line came within ${seconds} s that says: ${what}; what came:\n${came || '    nothing'}`, `npm run lab -- exec ${this.#master} -- salt-run eos.bridge`)
  }

  /** Stops to follow. */
  async end(): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.stdin?.end()
    await ended
  }

  #take(line: string): void {
    if (!line.startsWith('{')) return
    const event: Envelope = JSON.parse(line)
    this.#seen.push({ event, at: Date.now() })
  }
}

/** How long after an event was settled its line came: by the clock of its source, or `at most`, counted from when it was done. */
export interface Delay {
  readonly seconds: number
  readonly isAtMost: boolean
}

/** Measures one line; what happened before `begun` cannot be its cause. A quiet time belongs to settling, and what two lists prove is settled with the second. */
export function delayOf({ event, at }: Seen, begun: number): Delay {
  const { occurred, observed } = event.time
  const quiet = event.change['quiet']
  if (event.verdict['confidence'] === 'inferred') return { seconds: (at - Date.parse(observed)) / 1000, isAtMost: false }
  const seconds = (at - (occurred === null ? begun : Date.parse(occurred))) / 1000
  return { seconds: typeof quiet === 'number' ? seconds - quiet : seconds, isAtMost: occurred === null }
}

/** The delay for people. */
export function shownDelay({ seconds, isAtMost }: Delay): string {
  return `shown ${isAtMost ? 'at most ' : ''}${seconds.toFixed(1)} s after it settled`
}
