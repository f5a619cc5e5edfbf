import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { decodeConfig } from '../../../src/sidecar/config/config.ts'
import { startConsul } from '../../../src/sidecar/consul/source.ts'
import type { Json } from '../../../src/sidecar/fact.ts'
import { Intake } from '../../../src/sidecar/intake/intake.ts'
import type { Source } from '../../../src/sidecar/source.ts'
import { tokenFile } from '../../../src/sidecar/token.ts'
import { RecordingJournal } from './recording-journal.ts'

/** Where a source of these tests reads, and how patient it is. */
export interface WatchOptions {
  readonly addresses: readonly string[]
  readonly ca?: string
  readonly token?: string
  readonly watch?: readonly string[]
  readonly settle?: { readonly [key: string]: Json }
  readonly timing?: { readonly [key: string]: Json }
  /** The journal of a source that ran before. */
  readonly journal?: RecordingJournal
  readonly intake?: Intake
}

/** A source of Consul that writes into a recording, with a token file of its own. */
export class Watch {
  readonly journal: RecordingJournal
  readonly source: Source
  readonly #folder = mkdtempSync(join(tmpdir(), 'eos-consul-'))
  readonly #intake: Intake

  constructor(options: WatchOptions) {
    this.journal = options.journal ?? new RecordingJournal()
    this.#intake = options.intake ?? new Intake()
    this.writeToken(options.token ?? 'secret-1')
    const config = decodeConfig({
      instance: 'n1',
      settle: options.settle ?? {},
      timing: { proof: '50ms', ...options.timing },
      consul: [{ datacenter: 'dc1', addresses: ['https://127.0.0.1:1'], ca: options.ca ?? '/none', token_file: this.#tokenFile, watch: options.watch ?? [] }],
    })
    const [consul] = config.consul
    if (consul === undefined) throw new Error('no datacenter')
    this.source = startConsul({
      // Plain HTTP is refused by the configuration; here the agents are fakes on the loopback.
      config: { ...consul, addresses: options.addresses },
      settle: config.settle,
      timing: config.timing,
      token: tokenFile(this.#tokenFile),
      intake: this.#intake,
      journal: this.journal,
      log: () => undefined,
    })
  }

  get #tokenFile(): string {
    return join(this.#folder, 'token')
  }

  writeToken(token: string): void {
    writeFileSync(`${this.#tokenFile}.new`, token)
    renameSync(`${this.#tokenFile}.new`, this.#tokenFile)
  }

  /** Waits until the standing of the source is so. */
  async stands(claim: string, holds: (standing: ReturnType<Source['standing']>) => boolean, within = 15_000): Promise<void> {
    const end = performance.now() + within
    while (!holds(this.source.standing())) {
      if (performance.now() > end) throw new Error(`the source is not ${claim} within ${within} ms: ${JSON.stringify(this.source.standing())}`)
      await pause(20)
    }
  }

  /** Waits until the catalogue was read and proved. */
  ready(within = 15_000): Promise<void> {
    return this.stands('ready', ({ isReady, degraded }) => isReady && degraded === null, within)
  }

  /** Waits until it says that something stands in the way. */
  async degraded(cause: string, within = 15_000): Promise<void> {
    await this.stands(`degraded by ${cause}`, ({ degraded }) => degraded?.startsWith(`${cause}: `) === true, within)
  }

  /** Ends the source; its journal stays. */
  async stop(): Promise<void> {
    await this.source.stop()
    await this.#intake.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
