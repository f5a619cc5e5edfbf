import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Source } from '../../../src/sidecar/source.ts'
import { until } from '../rig.ts'
import { FakeRegion } from './fake-region.ts'

let region: FakeRegion
beforeEach(async () => {
  region = await FakeRegion.open()
})
afterEach(() => region.close())

/** Reads a region with one job at index 100, then lets the lists answer once with an index from before; gives the lines of the log. */
async function lowAnswer(): Promise<{ readonly lines: readonly string[]; readonly running: Source }> {
  const lines: string[] = []
  region.job('web', 90)
  const running = region.start((_, message) => void lines.push(message))
  await until('the stream is open', () => running.standing().isReady && region.fake.readers > 0)
  const asked = (): number => region.fake.asked.get('/v1/jobs') ?? 0
  const before = asked()
  region.fake.index = 50
  await until('the lists are looked at', () => asked() > before)
  return { lines, running }
}

function epochs(): string[] {
  return region.journal.facts.flatMap(({ event, verb, change }) => (event === 'bridge' && verb === 'epoch' ? [JSON.stringify(change)] : []))
}

const slowly = { timeout: 60_000 }

describe('a list that is lower than it was', () => {
  // Fails when one answer opens an epoch: a leader that was deposed a moment ago answers from its past.
  it('for one answer, with all objects as they were, is no restore', slowly, async () => {
    const { lines, running } = await lowAnswer()
    region.fake.index = 120
    await until('it is taken for an old answer', () => lines.some((line) => line.includes('taken for an old answer')) || running.standing().counters['reconnects_total'] !== 0)
    expect(epochs()).toEqual([])
    expect(running.standing().counters).toMatchObject({ reconnects_total: 0, resyncs_total: 1 })
  })

  it('and stays so is a restore', slowly, async () => {
    await lowAnswer()
    await until('an epoch is opened', () => epochs().length > 0)
    expect(epochs()[0]).toContain('"from":100,"to":50')
  })

  // Fails when the second look is believed alone: the writes that follow a restore lift the lists above where they were.
  it('for one answer, with a job that went back to an older specification, is a restore', slowly, async () => {
    await lowAnswer()
    region.job('web', 40)
    region.fake.index = 120
    await until('an epoch is opened', () => epochs().length > 0)
    await until('what was reverted is read', () => JSON.stringify([...region.journal.rows.values()]).includes('"specified":40'))
  })

  // Fails when the indexes alone tell: within 30 ms after a restore the servers' own writes lift them above where they were.
  it('between two looks only, with a job that went back while the stream was cut, is a restore', slowly, async () => {
    region.job('web', 90)
    const running = region.start()
    await until('the stream is open', () => running.standing().isReady && region.fake.readers > 0)
    region.job('web', 40)
    region.fake.index = 120
    region.fake.hangUp()
    await until('an epoch is opened', () => epochs().length > 0)
    expect(epochs()).toEqual(['{"from":90,"to":40,"count":1}'])
  })

  // Fails when what was purged while nobody read is taken for reverted.
  it('or not, with a job that is gone since the stream was cut, is a purge and no restore', slowly, async () => {
    region.job('web', 90)
    const running = region.start()
    await until('the stream is open', () => running.standing().isReady && region.fake.readers > 0)
    region.fake.lists.set('/v1/jobs', [])
    region.fake.objects.delete('/v1/job/web')
    region.fake.index = 120
    region.fake.hangUp()
    await until('the job is told as purged', () => region.journal.facts.some(({ event, verb, verdict }) => event === 'nomad/job' && verb === 'purged' && verdict.cause === 'missing'))
    expect(epochs()).toEqual([])
  })

  it('for one answer, with a job that is gone, is a restore', slowly, async () => {
    await lowAnswer()
    region.fake.lists.set('/v1/jobs', [])
    region.fake.objects.delete('/v1/job/web')
    region.fake.index = 120
    await until('an epoch is opened', () => epochs().length > 0)
    await until('the job is told as reverted', () => region.journal.facts.some(({ event, verb, verdict }) => event === 'nomad/job' && verb === 'purged' && verdict.cause === 'reverted'))
  })
})
