import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Intake } from '../../../src/sidecar/intake/intake.ts'
import { startNomad } from '../../../src/sidecar/nomad/source.ts'
import type { Source } from '../../../src/sidecar/source.ts'
import { tokenFile } from '../../../src/sidecar/token.ts'
import { makeAuthority } from '../../fault/harness/authority.ts'
import { FakeNomad } from '../../support/fake-nomad.ts'
import { RecordingJournal } from '../consul/recording-journal.ts'
import { until } from '../rig.ts'

let folder: string
let ca: string
let fake: FakeNomad
let intake: Intake
let journal: RecordingJournal
let source: Source | null

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'eos-proof-'))
  const authority = makeAuthority(folder)
  ca = authority.ca
  fake = await FakeNomad.open(authority)
  for (const list of ['jobs', 'allocations', 'nodes', 'evaluations', 'deployments', 'services', 'namespaces']) fake.lists.set(`/v1/${list}`, [])
  fake.objects.set('/v1/acl/token/self', '{"AccessorID":"00000000-0000-0000-0000-000000000000"}')
  writeFileSync(join(folder, 'token'), 'a-token')
  intake = new Intake()
  journal = new RecordingJournal()
  source = null
})

afterEach(async () => {
  await source?.stop()
  await intake.close()
  await fake.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Reads the region until the source is ready, then stops; gives what was told of gaps and how often all lists were read. */
async function session(): Promise<{ readonly gaps: string[]; readonly resyncs: number }> {
  const before = journal.facts.length
  const timing = { firstHeartbeat: 2000, watchdog: 35_000, proof: 300, audit: 60_000, tokenCheck: 60_000, reconnectLeast: 50, reconnectMost: 200 }
  const config = { region: 'global', addresses: [fake.url], ca, tokenFile: join(folder, 'token'), accessors: [] }
  const running = startNomad({ config, settle: { evalBlocked: 30_000 }, timing, token: tokenFile(config.tokenFile), intake, journal, log: () => undefined })
  source = running
  await until('the source is ready', () => running.standing().isReady)
  await running.stop()
  const gaps = journal.facts.slice(before).flatMap(({ event, verb, verdict, change }) => (event === 'bridge' && /^(gap|reread)/.test(verb) ? [`${verb} ${verdict.cause} ${JSON.stringify(change)}`] : []))
  return { gaps, resyncs: running.standing().counters['resyncs_total'] ?? 0 }
}

describe('a stream that shows nothing of where it was left', () => {
  it('is no gap while the lists have not gone on either: they were read, and nothing was missed', async () => {
    expect(await session()).toEqual({ gaps: [], resyncs: 1 })
    fake.forget()
    expect(await session()).toEqual({ gaps: [], resyncs: 1 })
  })

  it('is read again up to where the lists are when they have, and no gap', async () => {
    await session()
    fake.index = 150
    expect(await session()).toEqual({ gaps: ['reread no_proof {"from":100,"to":150,"count":0}'], resyncs: 1 })
  })
})

it('a stream that goes on where it was left is read on without the lists', async () => {
  fake.say({ index: 100, bytes: '{"Index":100,"Events":[]}' })
  await session()
  expect(await session()).toEqual({ gaps: [], resyncs: 0 })
})
