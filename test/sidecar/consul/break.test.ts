import { afterEach, describe, expect, it } from 'vitest'
import type { Commit } from '../../../src/sidecar/source.ts'
import { FakeAgent, FakeCatalogue } from './fake-agent.ts'
import { RecordingJournal } from './recording-journal.ts'
import { Watch } from './watch.ts'

// What becomes of a source that is cut off, or breaks, in the middle of something.

const open: { close: () => Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

/** An agent of 3 nodes with 4 services each. */
async function agentOf(): Promise<{ readonly catalogue: FakeCatalogue; readonly agent: FakeAgent }> {
  const catalogue = FakeCatalogue.of(3, 4)
  const agent = await FakeAgent.open(catalogue)
  open.push(agent)
  return { catalogue, agent }
}

function watch(agent: FakeAgent, journal: RecordingJournal): Watch {
  const watching = new Watch({ addresses: [agent.address], settle: { service_removed: '300ms' }, journal })
  open.push({ close: () => watching.stop() })
  return watching
}

/** A journal whose host loses power with the commit that tells of a new epoch: that one is on the disk, and none after it. */
class CutOff extends RecordingJournal {
  readonly cut = Promise.withResolvers<undefined>()
  #isCut = false

  override async commit(commit: Commit): Promise<void> {
    if (this.#isCut) return
    await super.commit(commit)
    this.#isCut = commit.facts.some(({ event, verb }) => event === 'bridge' && verb === 'epoch')
    if (this.#isCut) this.cut.resolve(undefined)
  }

  /** The same disk under a host that runs again. */
  restarted(): RecordingJournal {
    const next = new RecordingJournal()
    next.cursor = this.cursor
    for (const [key, row] of this.rows) next.rows.set(key, row)
    next.facts.push(...this.facts)
    return next
  }
}

describe('a source that is cut off', { timeout: 30_000 }, () => {
  // Fails when the new epoch and what is missing in it are written one after the other.
  it('where the epoch turns, tells what is missing as reverted and never as explicit', async () => {
    const { catalogue, agent } = await agentOf()
    const journal = new CutOff()
    const first = watch(agent, journal)
    await first.ready()
    await first.stands('asking', () => catalogue.wakes.size >= 3)
    catalogue.checks.splice(1, 1)
    catalogue.index = 60
    catalogue.wake()
    await journal.cut.promise
    await first.source.stop()
    const again = watch(agent, journal.restarted())
    await again.journal.told('consul/service deregistered s1/s1-1 reverted')
    expect(again.journal.brief()).toEqual(['bridge epoch  restore', 'consul/service deregistered s1/s1-1 reverted unsettled', 'consul/service deregistered s1/s1-1 reverted'])
  })
})
