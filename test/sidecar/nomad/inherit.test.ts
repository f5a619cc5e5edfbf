import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Inherited } from '../../../src/sidecar/source.ts'
import { until } from '../rig.ts'
import { FakeRegion } from './fake-region.ts'

let region: FakeRegion
beforeEach(async () => {
  region = await FakeRegion.open()
})
afterEach(() => region.close())

/** Reads two jobs, specified at 60 and 90, with lists at 100, until the source is ready; gives what is told. */
async function told(inherited: Inherited | null): Promise<string[]> {
  region.job('old', 60)
  region.job('new', 90)
  const { journal } = region
  const remembered = { cursor: journal.cursor, rows: [...journal.rows.values()], inherited }
  journal.remember = () => Promise.resolve(remembered)
  const running = region.start()
  await until('the source is ready', () => running.standing().isReady)
  await running.stop()
  return journal.facts.map(({ event, verb, subject, change, source }) => {
    const about = 'job' in subject ? subject.job : `${String('from' in change ? change.from : '')} -> ${String('to' in change ? change.to : '')}`
    return `${event} ${verb} ${about} ${source.epoch}`
  })
}

describe('a journal that is new', () => {
  it('tells nothing of what is there where the inbox has nothing', async () => {
    expect(await told(null)).toEqual([])
    expect(region.journal.cursor).toMatchObject({ era: 1, index: 100 })
  })

  // Fails when it begins its own count of epochs: the ids would differ from those of the other half. And when what happened before it is passed over in silence.
  it('goes on in the epoch and at the index of the inbox, and says what it cannot know', async () => {
    expect(await told({ epoch: 'global#2', index: 85 })).toEqual(['nomad/job registered new global#2', 'bridge gap 85 -> 100 global#2'])
    expect(region.journal.cursor).toMatchObject({ era: 2, index: 100 })
    expect(region.journal.cursor).not.toHaveProperty('since')
  })

  it('says no gap where the inbox has come as far as the lists', async () => {
    expect(await told({ epoch: 'global#3', index: 100 })).toEqual([])
    expect(region.journal.cursor).toMatchObject({ era: 3 })
  })

  it('opens an epoch where the lists have not come as far as the inbox', { timeout: 30_000 }, async () => {
    expect(await told({ epoch: 'global#2', index: 500 })).toEqual(['bridge epoch 500 -> 100 global#3'])
    expect(region.journal.cursor).toMatchObject({ era: 3, index: 100 })
  })

  // Fails when the inbox is asked again: the facts that were told already have moved it past those that were not.
  it('that was cut off in its first reading goes on from where it began', async () => {
    region.journal.cursor = { index: 85, era: 2, lists: {}, reached: {}, heard: 0, since: 85 }
    expect(await told({ epoch: 'global#2', index: 95 })).toEqual(['nomad/job registered new global#2', 'bridge gap 85 -> 100 global#2'])
  })
})
