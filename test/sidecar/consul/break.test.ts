import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { Intake } from '../../../src/sidecar/intake/intake.ts'
import type { Commit } from '../../../src/sidecar/source.ts'
import { FakeAgent, FakeCatalogue } from './fake-agent.ts'
import { RecordingJournal } from './recording-journal.ts'
import { Watch, type WatchOptions } from './watch.ts'

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

function watch(agent: FakeAgent, more: Partial<WatchOptions>): Watch {
  const watching = new Watch({ addresses: [agent.address], settle: { service_removed: '300ms' }, ...more })
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
    const first = watch(agent, { journal })
    await first.ready()
    await first.stands('asking', () => catalogue.wakes.size >= 3)
    catalogue.checks.splice(1, 1)
    catalogue.index = 60
    catalogue.wake()
    await journal.cut.promise
    await first.source.stop()
    const again = watch(agent, { journal: journal.restarted() })
    await again.journal.told('consul/service deregistered s1/s1-1 reverted')
    expect(again.journal.brief()).toEqual(['bridge epoch  restore', 'consul/service deregistered s1/s1-1 reverted unsettled', 'consul/service deregistered s1/s1-1 reverted'])
  })
})

/** A journal with a mistake in it: it breaks with every fact until it is mended. */
class Faulty extends RecordingJournal {
  isMended = false

  override commit(commit: Commit): Promise<void> {
    return this.isMended || commit.facts.length === 0 ? super.commit(commit) : Promise.reject(new TypeError('a mistake in the program'))
  }
}

/** An intake with a mistake in it: it breaks with every question that waits, while it is told to. */
class FaultyIntake extends Intake {
  isFaulty = false

  override read(...[request, cancel]: Parameters<Intake['read']>): ReturnType<Intake['read']> {
    return this.isFaulty && request.url.includes('index=') ? Promise.reject(new TypeError('a mistake in the program')) : super.read(request, cancel)
  }
}

describe('a mistake in the program', { timeout: 30_000 }, () => {
  // Fails when a view that cannot be judged or written is only logged.
  it('that keeps a view from being written is told, and what it held back is told after it', async () => {
    const { catalogue, agent } = await agentOf()
    const journal = new Faulty()
    const watching = watch(agent, { journal })
    await watching.ready()
    catalogue.write(({ checks }) => checks.splice(1, 1))
    await watching.degraded('internal')
    expect(watching.source.standing().degraded).toMatch(/a mistake in the program/)
    expect(watching.source.standing().isReady).toBe(false)
    journal.isMended = true
    await watching.ready()
    await journal.told('consul/service deregistered s1/s1-1 explicit')
  })

  // Fails when a question that ends the source is only logged.
  it('that ends the source is told, and the source begins anew from what it has written', async () => {
    const { catalogue, agent } = await agentOf()
    const intake = new FaultyIntake()
    const watching = watch(agent, { intake })
    await watching.ready()
    intake.isFaulty = true
    catalogue.write(() => undefined)
    await watching.degraded('internal')
    expect(watching.source.standing().degraded).toMatch(/a mistake in the program/)
    intake.isFaulty = false
    catalogue.write(({ checks }) => checks.splice(1, 1))
    await watching.ready()
    await watching.journal.told('consul/service deregistered s1/s1-1 explicit')
    expect(watching.journal.brief()).toHaveLength(2)
  })

  it('that ends the source again and again keeps nobody from stopping it', async () => {
    const { agent } = await agentOf()
    const intake = new FaultyIntake()
    intake.isFaulty = true
    const watching = watch(agent, { intake })
    await watching.degraded('internal')
    await watching.source.stop()
    const { length } = agent.asked
    await pause(1500)
    expect(agent.asked).toHaveLength(length)
  })
})
