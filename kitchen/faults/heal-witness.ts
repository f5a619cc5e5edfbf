import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { containerName } from '../node/container.ts'
import { Failure } from '../run/failure.ts'
import type { Line } from './healing.ts'

/** Ends with its input, so that nothing is left on the node when this process goes. */
const FOLLOW = 'salt-run --log-level=quiet state.event "eos/heal/*" pretty=False & cat >/dev/null; kill $!'
/** Fired until it comes back: only then does the follower hear the bus. */
const HELLO = 'eos/heal/hello'
const PREFIX = 'eos/heal/'

/** Follows what the healer says of its audit on Salt's bus, as an observer does. */
export class HealWitness {
  readonly #child: ChildProcess
  readonly #seen: Line[] = []

  private constructor(master: string) {
    this.#child = spawn('docker', ['exec', '-i', containerName(master), 'sh', '-c', FOLLOW], { stdio: ['pipe', 'pipe', 'ignore'] })
    const { stdout } = this.#child
    if (stdout !== null) createInterface({ input: stdout }).on('line', (line) => this.#take(line))
  }

  /** Begins to follow, and returns when it hears the bus. */
  static async of(master: string): Promise<HealWitness> {
    const made = new HealWitness(master)
    for (const deadline = Date.now() + 60_000; made.count === 0; await sleep(500)) {
      if (Date.now() > deadline) throw new Failure('the bus of the Salt master says nothing within 60 s', `npm run lab -- exec ${master} -- systemctl status salt-master`)
      const hello = spawn('docker', ['exec', containerName(master), 'salt-call', '--log-level=quiet', 'event.send', HELLO], { stdio: 'ignore' })
      await once(hello, 'exit')
    }
    return made
  }

  /** How many lines have come: what comes later has at least this place. */
  get count(): number {
    return this.#seen.length
  }

  /** Waits for the first line from a place on that is meant. */
  async until(what: string, isMeant: (one: Line) => boolean, from: number, seconds: number): Promise<Line> {
    for (const deadline = Date.now() + seconds * 1000; Date.now() < deadline; await sleep(100)) {
      const found = this.#seen.slice(from).find(isMeant)
      if (found !== undefined) return found
    }
    throw new Failure(`the healer said nothing within ${seconds} s that means: ${what}`, 'npm run lab -- exec n1 -- salt-run eos.incidents open=True')
  }

  /** Stops to follow. */
  async end(): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.stdin?.end()
    await ended
  }

  #take(line: string): void {
    const [tag = '', text = ''] = line.split('\t', 2)
    if (!tag.startsWith(PREFIX) || !text.startsWith('{')) return
    const body: Readonly<Record<string, unknown>> = JSON.parse(text)
    const { n, at } = body
    this.#seen.push({ n: typeof n === 'number' ? n : 0, at: typeof at === 'number' ? at : Date.now() / 1000, kind: tag.slice(PREFIX.length), body })
  }
}
