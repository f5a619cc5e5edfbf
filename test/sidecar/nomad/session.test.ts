import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Intake } from '../../../src/sidecar/intake/intake.ts'
import { StreamHandle } from '../../../src/sidecar/intake/stream-handle.ts'
import type { Log } from '../../../src/sidecar/log.ts'
import { Api } from '../../../src/sidecar/nomad/api.ts'
import { Desk } from '../../../src/sidecar/nomad/desk.ts'
import { Memory } from '../../../src/sidecar/nomad/memory.ts'
import { Region } from '../../../src/sidecar/nomad/region.ts'
import { readOn } from '../../../src/sidecar/nomad/session.ts'
import { startNomad } from '../../../src/sidecar/nomad/source.ts'
import type { Source } from '../../../src/sidecar/source.ts'
import { tokenFile } from '../../../src/sidecar/token.ts'
import { makeAuthority } from '../../fault/harness/authority.ts'
import { FakeNomad } from '../../support/fake-nomad.ts'
import { RecordingJournal } from '../consul/recording-journal.ts'
import { until } from '../rig.ts'

const TIMING = { firstHeartbeat: 2000, watchdog: 35_000, proof: 50, audit: 60_000, tokenCheck: 60_000, reconnectLeast: 40, reconnectMost: 160 }
let folder: string
let ca: string
let fake: FakeNomad
let intake: Intake
let journal: RecordingJournal
let source: Source | null

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'eos-session-'))
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
  vi.restoreAllMocks()
  await source?.stop()
  await intake.close()
  await fake.close()
  rmSync(folder, { recursive: true, force: true })
})

function start(log: Log): Source {
  const config = { region: 'global', addresses: [fake.url], ca, tokenFile: join(folder, 'token'), accessors: [] }
  source = startNomad({ config, settle: { evalBlocked: 30_000 }, timing: TIMING, token: tokenFile(config.tokenFile), intake, journal, log })
  return source
}

// Fails when a stream that opened is taken for one that lives: each new one would cost all lists, without a pause between.
it('waits longer and longer while every stream ends as soon as it is open', { timeout: 60_000 }, async () => {
  vi.spyOn(Math, 'random').mockReturnValue(1)
  const pauses: unknown[] = []
  const running = start((level, _, more) => {
    if (level === 'warning') pauses.push(more?.['pause'])
  })
  while (pauses.length < 5) {
    const seen = pauses.length
    await until('a stream is open', () => running.standing().isReady && fake.readers > 0)
    fake.hangUp()
    await until('its end is noticed', () => pauses.length > seen)
  }
  expect(pauses.slice(0, 5)).toEqual([0, 40, 80, 160, 160])
})

// Fails when a source that ended by a bug stands there as ready.
it('is degraded once it has ended by itself', { timeout: 30_000 }, async () => {
  const running = start((level) => {
    if (level === 'warning') throw new Error('a log that is full')
  })
  await until('the stream is open', () => running.standing().isReady && fake.readers > 0)
  fake.hangUp()
  await until('it is degraded', () => running.standing().degraded !== null, 20_000)
  expect(running.standing()).toMatchObject({ isReady: false, degraded: 'internal: the source ended: a log that is full' })
})

describe('frames of a stream whose session is over', () => {
  // Fails when they are judged all the same: after a restore they tell of the state before, and move the cursor back there.
  it('are left, also the one that waits for its turn', async () => {
    const api = new Api(intake, { addresses: [fake.url], ca, token: tokenFile(join(folder, 'token')) })
    const cursor = { index: 100, era: 1, lists: {}, reached: {}, heard: 0 }
    const region = new Region({ api, memory: new Memory(), desk: new Desk(journal, 'global'), rules: { accessors: [], quiet: 30_000 }, log: () => undefined, cursor })
    const handle = new StreamHandle({ taken: () => undefined, close: () => undefined })
    const over = new AbortController()
    let release = (): void => undefined
    const held = region.exclusive(() => new Promise<void>((resolve) => (release = resolve)))
    for (const index of [101, 102]) handle.hear({ kind: 'part', number: 1, part: { kind: 'frame', index, events: [], bytes: 1 }, isLast: true })
    let isHeard = false
    const reading = readOn(region, handle, TIMING, () => (isHeard = true), over.signal)
    await until('a frame is taken', () => isHeard)
    over.abort()
    handle.hear({ kind: 'part', number: 1, part: { kind: 'frame', index: 103, events: [], bytes: 1 }, isLast: true })
    handle.close()
    release()
    await held
    await expect(reading).rejects.toThrow('closed')
    expect(region.cursor?.index).toBe(100)
  })
})
