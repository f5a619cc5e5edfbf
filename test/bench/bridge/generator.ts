import { fork, type ChildProcess } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Scene } from '../../fault/harness/scene.ts'
import type { Order, Report } from './load.ts'
import type { Recorded } from './recorded.ts'

const LOAD = fileURLToPath(new URL('load.ts', import.meta.url))

/** The load in a process of its own, so that making events does not hold up whoever measures them. */
export class Generator {
  readonly #child: ChildProcess
  readonly url: string

  private constructor(child: ChildProcess, url: string) {
    this.#child = child
    this.url = url
  }

  /** Starts a double with so many allocations in its list. */
  static async start(scene: Scene, recorded: Recorded, allocations: number): Promise<Generator> {
    const file = join(scene.place('load'), 'recorded.json')
    writeFileSync(file, JSON.stringify(recorded))
    const child = fork(LOAD, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    scene.ends(() => {
      child.disconnect()
    })
    const report = await ask(child, { kind: 'start', certified: scene.authority, recorded: file, allocations })
    if (report.kind !== 'started') throw new Error('the load did not start')
    return new Generator(child, report.url)
  }

  /** Sends events at a rate and says when it has. */
  async load(rate: number, seconds: number, file: string): Promise<Extract<Report, { kind: 'loaded' }>> {
    const report = await ask(this.#child, { kind: 'load', rate, seconds, file })
    if (report.kind !== 'loaded') throw new Error('the load did not run')
    return report
  }

  /** Changes every allocation of the list while nobody is told on the stream. */
  async age(frames: number): Promise<void> {
    await ask(this.#child, { kind: 'age', frames })
  }
}

function ask(child: ChildProcess, order: Order): Promise<Report> {
  return new Promise((resolve, reject) => {
    const gone = (code: number | null): void => reject(new Error(`the load ended with ${code}`))
    child.once('exit', gone)
    child.once('message', (report: Report) => {
      child.off('exit', gone)
      resolve(report)
    })
    child.send(order)
  })
}
