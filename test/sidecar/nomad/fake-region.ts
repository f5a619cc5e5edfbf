import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Intake } from '../../../src/sidecar/intake/intake.ts'
import type { Log } from '../../../src/sidecar/log.ts'
import { startNomad, type NomadOptions } from '../../../src/sidecar/nomad/source.ts'
import type { Source } from '../../../src/sidecar/source.ts'
import { tokenFile, type TokenFile } from '../../../src/sidecar/token.ts'
import { makeAuthority } from '../../fault/harness/authority.ts'
import { FakeNomad } from '../../support/fake-nomad.ts'
import { RecordingJournal } from '../consul/recording-journal.ts'

/** How patient a source is with a double, in milliseconds. */
export const TIMING = { firstHeartbeat: 2000, watchdog: 35_000, proof: 50, audit: 60_000, tokenCheck: 60_000, reconnectLeast: 40, reconnectMost: 160 }

/** A region of a double of Nomad with empty lists, and what a source needs to read it. */
export class FakeRegion {
  readonly fake: FakeNomad
  readonly ca: string
  readonly token: TokenFile
  readonly intake = new Intake()
  readonly journal = new RecordingJournal()
  readonly #folder: string
  readonly #sources: Source[] = []

  private constructor(fake: FakeNomad, ca: string, folder: string) {
    this.fake = fake
    this.ca = ca
    this.#folder = folder
    writeFileSync(join(folder, 'token'), 'a-token')
    this.token = tokenFile(join(folder, 'token'))
  }

  static async open(): Promise<FakeRegion> {
    const folder = mkdtempSync(join(tmpdir(), 'eos-region-'))
    const authority = makeAuthority(folder)
    const fake = await FakeNomad.open(authority)
    for (const list of ['jobs', 'allocations', 'nodes', 'evaluations', 'deployments', 'services', 'namespaces']) fake.lists.set(`/v1/${list}`, [])
    fake.objects.set('/v1/acl/token/self', '{"AccessorID":"00000000-0000-0000-0000-000000000000"}')
    return new FakeRegion(fake, authority.ca, folder)
  }

  /** Puts a job into the list, specified at this index. */
  job(id: string, specified: number): void {
    const row = JSON.stringify({ ID: id, Namespace: 'default', Version: specified, Status: 'running', CreateIndex: 20, JobModifyIndex: specified, ModifyIndex: specified, TaskGroups: [], Versions: [] })
    const others = (this.fake.lists.get('/v1/jobs') ?? []).filter((one) => !one.includes(`{"ID":${JSON.stringify(id)},`))
    this.fake.lists.set('/v1/jobs', [...others, row])
    this.fake.objects.set(`/v1/job/${id}`, row)
  }

  start(log: Log = () => undefined, more: Partial<NomadOptions> = {}): Source {
    const config = { region: 'global', addresses: [this.fake.url], ca: this.ca, tokenFile: join(this.#folder, 'token'), accessors: [] }
    const source = startNomad({ config, settle: { evalBlocked: 30_000 }, timing: TIMING, token: this.token, intake: this.intake, journal: this.journal, log, ...more })
    this.#sources.push(source)
    return source
  }

  async close(): Promise<void> {
    for (const source of this.#sources) await source.stop()
    await this.intake.close()
    await this.fake.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
