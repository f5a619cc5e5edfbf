import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Json } from '../../src/sidecar/fact.ts'

/** The generated table of events. */
export function tablePath(): string {
  return process.env['EOS_EVENTS'] ?? fileURLToPath(new URL('../../generated/events/table.json', import.meta.url))
}

/** A folder of its own for one test, short enough for a unix socket. */
export function ownFolder(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'eos-sidecar-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** Waits until the claim holds; fails with its name after the deadline. */
export async function until(claim: string, holds: () => boolean | Promise<boolean>, within = 20_000): Promise<void> {
  const end = Date.now() + within
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`not within ${within / 1000} s: ${claim}`)
    await pause(10)
  }
}

/** A sidecar in a process of its own that runs the counting source. */
export class Child {
  readonly process: ChildProcess
  /** The highest number that the journal acknowledged to the source. */
  acknowledged = 0
  errors = ''
  readonly ended: Promise<number | null>

  constructor(config: string, args: readonly string[]) {
    const program = fileURLToPath(new URL('./simulate.ts', import.meta.url))
    this.process = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, '--config', config, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    let rest = ''
    this.process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) this.acknowledged = Math.max(this.acknowledged, Number(line))
    })
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.errors += text
    })
    this.ended = new Promise((resolve) => this.process.on('close', resolve))
  }

  /** The port of its metrics, as it says it. */
  async port(): Promise<number> {
    await until('the sidecar tells its port', () => /metrics on loopback port=\d+/.test(this.errors) || this.process.exitCode !== null)
    return Number(/metrics on loopback port=(\d+)/.exec(this.errors)?.[1])
  }

  async kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    this.process.kill(signal)
    return this.ended
  }
}

/** Writes a configuration below the folder and returns its path. */
export function writeConfig(folder: string, more: { readonly [key: string]: Json } = {}): string {
  const path = join(folder, 'config.json')
  mkdirSync(join(folder, 'data'), { recursive: true })
  const timing = { reconnect_least: '20ms', reconnect_most: '200ms', status: '300ms' }
  writeFileSync(path, JSON.stringify({ instance: 'n1', journal: join(folder, 'data', 'journal.db'), socket: join(folder, 'bridge.sock'), metrics: { port: 0 }, timing, ...more }))
  return path
}
