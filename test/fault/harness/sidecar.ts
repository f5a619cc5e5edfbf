import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startChild, type Child } from './children.ts'
import { freePort } from './ports.ts'
import { Hopeless, until } from './until.ts'

/** The program; EOS_SIDECAR names a packaged one. */
const MAIN = process.env['EOS_SIDECAR'] ?? fileURLToPath(new URL('../../../src/sidecar/main.ts', import.meta.url))

/** What a sidecar of a test reads, and to whom it sends. */
export interface SidecarOptions {
  readonly instance?: string
  readonly ca: string
  readonly socket: string
  readonly nomad?: { readonly addresses: readonly string[]; readonly token: string }
  readonly consul?: { readonly addresses: readonly string[]; readonly token: string; readonly watch?: readonly string[] }
  readonly settle?: Readonly<Record<string, unknown>>
  /** Test-only: seconds as text, such as `{ watchdog: '5s' }`. */
  readonly timing?: Readonly<Record<string, string>>
  readonly pair?: Readonly<Record<string, string>>
  /** Where the journal is, when not in the sidecar's own folder. */
  readonly journal?: string
  /** What starts the program instead of its source, such as the script of its package. */
  readonly program?: readonly string[]
  /** Words before the command, such as `unshare`. */
  readonly wrapper?: readonly string[]
}

/** The real sidecar as a child process, on its own folder: it may be killed and started again on the same journal. */
export class Sidecar {
  readonly folder: string
  readonly options: SidecarOptions
  readonly #metrics: number
  #child: Child | undefined

  private constructor(folder: string, options: SidecarOptions, metrics: number) {
    this.folder = folder
    this.options = options
    this.#metrics = metrics
  }

  /** Writes configuration and tokens below the folder; nothing runs yet. */
  static async make(folder: string, options: SidecarOptions): Promise<Sidecar> {
    mkdirSync(folder, { recursive: true })
    const sidecar = new Sidecar(folder, options, await freePort())
    if (options.nomad !== undefined) sidecar.writeToken('nomad', options.nomad.token)
    if (options.consul !== undefined) sidecar.writeToken('consul', options.consul.token)
    writeFileSync(join(folder, 'config.json'), JSON.stringify(sidecar.#config(), null, 2))
    return sidecar
  }

  get journal(): string {
    return this.options.journal ?? join(this.folder, 'journal.db')
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  get isRunning(): boolean {
    return this.#child?.isRunning() === true
  }

  start(): this {
    const command = [...(this.options.wrapper ?? []), ...(this.options.program ?? [process.execPath, MAIN]), '--config', join(this.folder, 'config.json'), '--json']
    this.#child = startChild('sidecar', command, { folder: this.folder, cwd: fileURLToPath(new URL('../../../', import.meta.url)) })
    return this
  }

  /** SIGKILL, at whatever instruction it is. */
  async kill(): Promise<void> {
    await this.#child?.kill()
  }

  /** SIGTERM; gives its exit code. */
  async end(): Promise<number | null> {
    return (await this.#child?.end()) ?? null
  }

  said(): string {
    return this.#child?.said() ?? ''
  }

  /** Replaces a token file as an operator does: a new file, renamed over the old one. */
  writeToken(source: 'nomad' | 'consul', token: string): void {
    const path = join(this.folder, `${source}.token`)
    writeFileSync(`${path}.new`, token, { mode: 0o400 })
    renameSync(`${path}.new`, path)
  }

  /** Its metrics by full name with labels. */
  async metrics(): Promise<ReadonlyMap<string, number>> {
    const found = new Map<string, number>()
    for (const line of (await this.page('/metrics')).body.split('\n')) {
      const space = line.lastIndexOf(' ')
      if (!line.startsWith('#') && space > 0) found.set(line.slice(0, space), Number(line.slice(space + 1)))
    }
    return found
  }

  /** Sum of the metrics whose name begins so. */
  async metric(prefix: string): Promise<number> {
    return [...(await this.metrics())].filter(([name]) => name.startsWith(prefix)).reduce((sum, [, value]) => sum + value, 0)
  }

  /** A page of its loopback port. */
  page(path: '/metrics' | '/healthz' | '/readyz'): Promise<{ readonly status: number; readonly body: string }> {
    return new Promise((resolve, reject) => {
      get({ host: '127.0.0.1', port: this.#metrics, path, agent: false, timeout: 5_000 }, (response) => {
        let body = ''
        response.setEncoding('utf8')
        response.on('data', (part: string) => (body += part))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
      })
        .on('timeout', () => reject(new Error(`${path}: no answer in 5 s`)))
        .on('error', reject)
    })
  }

  /** Waits until every source has read the truth and says so. */
  async ready(within = 20_000): Promise<this> {
    await until('the sidecar is ready', async () => {
      if (!this.isRunning) throw new Hopeless(`the sidecar ended: ${this.said().slice(-1_500)}`)
      const { status, body } = await this.page('/readyz')
      if (status !== 200) throw new Error(`${status} ${body}`)
      return true
    }, within)
    return this
  }

  #config(): Record<string, unknown> {
    const { instance, nomad, consul, ca, socket, settle, timing, pair } = this.options
    return {
      instance: instance ?? 'n1',
      journal: this.journal,
      socket,
      metrics: { port: this.#metrics },
      nomad: nomad === undefined ? [] : [{ region: 'global', addresses: nomad.addresses, ca, token_file: join(this.folder, 'nomad.token') }],
      consul: consul === undefined ? [] : [{ datacenter: 'dc1', addresses: consul.addresses, ca, token_file: join(this.folder, 'consul.token'), watch: consul.watch ?? [] }],
      pair: pair ?? null,
      ...(settle === undefined ? {} : { settle }),
      ...(timing === undefined ? {} : { timing }),
    }
  }
}
