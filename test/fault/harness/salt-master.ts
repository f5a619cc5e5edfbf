import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { productWheel } from '../../../kitchen/stack/wheel.ts'
import { saltPython } from './binaries.ts'
import { startChild, type Child } from './children.ts'
import { freePorts } from './ports.ts'
import { until } from './until.ts'

const LISTENER = fileURLToPath(new URL('listen.py', import.meta.url))

/** The wheel of this tree, unpacked, as users install it; a folder given in EOS_WHEEL is used instead. */
export async function unpackedWheel(folder: string): Promise<string> {
  const given = process.env['EOS_WHEEL']
  if (given !== undefined) return given
  const site = join(folder, 'site')
  if (!existsSync(site)) execFileSync(saltPython(), ['-m', 'zipfile', '-e', await productWheel(), site])
  return site
}

/** A real salt-master with the product's wheel, on a folder of its own; every process of it ends with it. */
export class SaltMaster {
  readonly folder: string
  readonly site: string
  #child: Child | undefined

  private constructor(folder: string, site: string) {
    this.folder = folder
    this.site = site
  }

  /** Writes the configuration; nothing runs yet. The folder's path must be short: sockets are below it. */
  static async make(folder: string, site: string, settings: Readonly<Record<string, unknown>>): Promise<SaltMaster> {
    const master = new SaltMaster(folder, site)
    const [publish, requests] = await freePorts(2)
    mkdirSync(join(folder, 'sock'), { recursive: true })
    const config = {
      user: 'root',
      interface: '127.0.0.1',
      publish_port: publish,
      ret_port: requests,
      root_dir: folder,
      pki_dir: join(folder, 'pki'),
      cachedir: join(folder, 'cache'),
      sock_dir: join(folder, 'sock'),
      extension_modules: join(folder, 'ext'),
      log_file: join(folder, 'master.file.log'),
      log_level_logfile: 'info',
      log_level: 'warning',
      worker_threads: 2,
      file_roots: { base: [join(folder, 'srv')] },
      keysize: 2048,
      ...settings,
    }
    writeFileSync(join(folder, 'master'), JSON.stringify(config))
    return master
  }

  start(): this {
    const program = join(dirname(saltPython()), 'salt-master')
    this.#child = startChild('salt-master', [program, '-c', this.folder], { folder: this.folder, isContained: true, env: { PYTHONPATH: this.site } })
    return this
  }

  /** Starts to write what is on the bus below a tag; gives the file once it listens. */
  async listen(prefix: string): Promise<{ readonly child: Child; readonly file: string }> {
    const file = join(this.folder, 'bus.jsonl')
    const child = startChild('listener', [saltPython(), LISTENER, join(this.folder, 'master'), prefix, file], { folder: this.folder, env: { PYTHONPATH: this.site } })
    await until('something listens on the bus', () => existsSync(file), 30_000)
    return { child, file }
  }

  /** What `salt-run` says as JSON. */
  run(...args: readonly string[]): unknown {
    const program = join(dirname(saltPython()), 'salt-run')
    const said = execFileSync(program, ['-c', this.folder, '--out=json', ...args], { env: { PATH: process.env['PATH'] ?? '', HOME: this.folder, PYTHONPATH: this.site }, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
    return JSON.parse(said)
  }

  said(): string {
    const file = join(this.folder, 'master.file.log')
    return (this.#child?.said() ?? '') + (existsSync(file) ? readFileSync(file, 'utf8') : '')
  }

  get isRunning(): boolean {
    return this.#child?.isRunning() === true
  }

  async kill(): Promise<void> {
    await this.#child?.kill()
  }
}
