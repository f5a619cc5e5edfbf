import type { IncomingMessage } from 'node:http'
import { Relay } from '../../fault/harness/relay.ts'
import type { Scene } from '../../fault/harness/scene.ts'
import { countsOf, type Asked, type Requests } from './numbers.ts'
import type { Servers } from './servers.ts'
import type { Place } from './tool.ts'

/** Relays in front of both servers that write down every request: no client can hide one. */
export class Counted {
  readonly place: Place
  readonly #asked: Asked[] = []
  readonly #sockets = new Set<unknown>()

  private constructor(place: Place) {
    this.place = place
  }

  static async start(scene: Scene, servers: Servers): Promise<Counted> {
    const nomad = await Relay.open(servers.nomad.port(), scene.authority)
    scene.ends(() => nomad.close())
    const consul = await Relay.open(servers.consul.port(), scene.authority)
    scene.ends(() => consul.close())
    const counted = new Counted({ ...servers.place, nomad: nomad.url, consul: consul.url })
    nomad.twist = { answer: (asked) => counted.#note('nomad', asked) }
    consul.twist = { answer: (asked) => counted.#note('consul', asked) }
    return counted
  }

  /** Gives what was asked since the last time. */
  take(): Requests {
    const counts = countsOf(this.#asked.splice(0), this.#sockets.size)
    this.#sockets.clear()
    return counts
  }

  #note(service: Asked['service'], { method = '', url = '', socket }: IncomingMessage): boolean {
    this.#asked.push({ service, method, path: url })
    this.#sockets.add(socket)
    return false
  }
}
