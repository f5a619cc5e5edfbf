import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { SaltMaster } from '../../fault/harness/salt-master.ts'
import type { Scene } from '../../fault/harness/scene.ts'
import { until } from '../../fault/harness/until.ts'
import { number, text } from '../../fault/harness/value.ts'

/** One row of the inbox that the load made. */
export interface Arrived {
  readonly id: string
  readonly alloc: string
  readonly restarts: number
  /** Milliseconds since 1970 at which the engine committed it. */
  readonly received: number
}

/** A real master with the real engine, and what it received. */
export class Receiving {
  readonly master: SaltMaster
  readonly socket: string
  readonly inbox: string
  #bus = ''

  private constructor(master: SaltMaster, socket: string, inbox: string) {
    this.master = master
    this.socket = socket
    this.inbox = inbox
  }

  /** Starts a master with the engine, and a listener on its bus. */
  static async start(scene: Scene, site: string): Promise<Receiving> {
    const folder = scene.place('master')
    const socket = join(folder, 'bridge.sock')
    const inbox = join(folder, 'inbox.db')
    const master = await SaltMaster.make(folder, site, { log_level_logfile: 'warning', engines: [{ eos_bridge: { socket, inbox, peers: ['root'] } }] })
    const receiving = new Receiving(master, socket, inbox)
    await receiving.begin(scene)
    scene.ends(() => master.kill())
    return receiving
  }

  /** Starts the master, also after an outage. */
  async begin(scene: Scene): Promise<void> {
    this.master.start()
    const { child, file } = await this.master.listen('eos/')
    this.#bus = file
    scene.ends(() => child.kill())
  }

  /** Waits until so many rows about restarts have come after this one. */
  async holds(after: number, count: number, within: number): Promise<void> {
    await until(`the inbox holds ${count} new rows`, () => {
      const found = Number(this.#ask(`SELECT count(*) AS count FROM events WHERE row > ${after} AND event = 'nomad/alloc' AND verb = 'restarted'`)[0]?.['count'] ?? 0)
      if (found < count) throw new Error(`${found} rows`)
      return true
    }, within, 100)
  }

  /** Rows about restarts after this one. */
  arrived(after: number): Arrived[] {
    return this.#ask(`SELECT id, received, body FROM events WHERE row > ${after} AND event = 'nomad/alloc' AND verb = 'restarted' ORDER BY row`).map(({ id, received, body }) => {
      const envelope: unknown = JSON.parse(String(body))
      return { id: String(id), alloc: text(envelope, 'subject', 'alloc'), restarts: number(envelope, 'verdict', 'restarts'), received: millisecondsOf(received) }
    })
  }

  /** The number of the last row. */
  last(): number {
    return Number(this.#ask('SELECT coalesce(max(row), 0) AS last FROM events')[0]?.['last'] ?? 0)
  }

  /** When each envelope arrived on the bus, by id. */
  bus(): ReadonlyMap<string, number> {
    const found = new Map<string, number>()
    for (const line of readFileSync(this.#bus, 'utf8').split('\n')) {
      if (line === '' || line === '{}') continue
      const parsed: unknown = JSON.parse(line)
      const id = text(parsed, 'data', 'id')
      if (id !== '') found.set(id, number(parsed, 'at'))
    }
    return found
  }

  #ask(query: string): Record<string, unknown>[] {
    const database = new DatabaseSync(this.inbox, { readOnly: true })
    try {
      return database.prepare(query).all()
    } finally {
      database.close()
    }
  }
}

/** The engine writes seconds with a fraction, or text in RFC 3339. */
function millisecondsOf(received: unknown): number {
  if (typeof received === 'number') return received < 1e11 ? received * 1_000 : received
  return Date.parse(String(received))
}
