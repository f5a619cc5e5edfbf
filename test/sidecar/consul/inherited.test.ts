import { afterEach, describe, expect, it } from 'vitest'
import { epochNumber } from '../../../src/sidecar/consul/cursor.ts'
import { FakeAgent, FakeCatalogue } from './fake-agent.ts'
import { RecordingJournal } from './recording-journal.ts'
import { History, instance, member, view } from './views.ts'
import { Watch, type WatchOptions } from './watch.ts'

// A journal that is new, while the inbox has what another one told of the same datacenter.

const open: { close: () => Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

/** A source of 3 nodes with 4 services each, at index 100, that has read everything. */
async function stage(more: Partial<WatchOptions>, change: (catalogue: FakeCatalogue) => void = () => undefined): Promise<{ readonly catalogue: FakeCatalogue; readonly watch: Watch }> {
  const catalogue = FakeCatalogue.of(3, 4)
  change(catalogue)
  const agent = await FakeAgent.open(catalogue)
  open.push(agent)
  const watch = new Watch({ addresses: [agent.address], settle: { service_removed: '300ms' }, ...more })
  open.push({ close: () => watch.stop() })
  await watch.ready()
  await watch.stands('asking', () => catalogue.wakes.size >= 3)
  return { catalogue, watch }
}

/** Makes one check of the catalogue critical. */
function fall(catalogue: FakeCatalogue, service: string, index: number): void {
  catalogue.checks = catalogue.checks.map((check) => (check.ServiceID === service ? { ...check, Status: 'critical', ModifyIndex: index } : check))
}

describe('a new journal', { timeout: 30_000 }, () => {
  it('counts epochs as the inbox has them, so that its ids are those of the other half', async () => {
    const { catalogue, watch } = await stage({ journal: new RecordingJournal({ epoch: 'dc1#3', index: 100 }) })
    expect(watch.journal.brief()).toEqual([])
    catalogue.write(() => fall(catalogue, 's1-1', 101))
    expect(await watch.journal.told('consul/service critical s1/s1-1 check')).toMatchObject({ mark: '3.101', source: { epoch: 'dc1#3' } })
  })

  it('says between which indexes nobody looked, and tells what the lists show of it', async () => {
    const { watch } = await stage({ journal: new RecordingJournal({ epoch: 'dc1#1', index: 90 }) }, (catalogue) => fall(catalogue, 's2-1', 95))
    expect(watch.journal.brief()).toEqual(['bridge gap  journal_new', 'consul/service critical s2/s2-1 check'])
    expect(watch.journal.facts).toMatchObject([
      { change: { from: 90, to: 100 }, subject: { source: 'consul:dc1' }, mark: '1:90:100:journal_new' },
      { origin: 'resync', mark: '95', verdict: { confidence: 'suspected' } },
    ])
  })

  it('writes the gap with what it remembers: a restart does not tell it again', async () => {
    const first = await stage({ journal: new RecordingJournal({ epoch: 'dc1#1', index: 90 }) })
    expect(first.watch.journal.commits).toBe(1)
    const again = await stage({ journal: first.watch.journal })
    expect(again.watch.journal.brief()).toEqual(['bridge gap  journal_new'])
  })

  it('finds the servers older than what was told: a new epoch after that of the inbox', async () => {
    const { watch } = await stage({ journal: new RecordingJournal({ epoch: 'dc1#2', index: 500 }) })
    expect(watch.journal.brief()).toEqual(['bridge epoch  restore'])
    expect(watch.journal.facts).toMatchObject([{ source: { epoch: 'dc1#3' }, change: { from: 500, to: 100 } }])
  })

  it('is silent where the inbox knows nothing of the datacenter', async () => {
    const { watch } = await stage({}, (catalogue) => fall(catalogue, 's2-1', 95))
    expect(watch.journal.brief()).toEqual([])
  })
})

describe('the first view of a new journal', () => {
  const toldTo = { isBaseline: true, toldTo: 100, proof: ['consistent'] }

  it.each([
    { it: 'an instance from before', one: instance('web'), want: [] },
    { it: 'an instance from after', one: instance('web', { created: 101, index: 101 }), want: ['consul/service registered web/web-1 new'] },
    { it: 'critical since before', one: instance('web', { health: 'critical', index: 100 }), want: [] },
    { it: 'critical since after', one: instance('web', { health: 'critical', index: 101 }), want: ['consul/service critical web/web-1 check'] },
    { it: 'maintenance since after', one: instance('web', { health: 'maintenance', index: 101 }), want: ['consul/service maintenance web/web-1 operator'] },
    { it: 'passing, and written again', one: instance('web', { index: 101 }), want: [] },
  ])('of $it', ({ one, want }) => {
    const history = new History()
    expect(history.tells(view([one]), toldTo)).toEqual(want)
    expect(history.tells(view([one]))).toEqual([])
  })

  it.each([
    { it: 'a node from before', one: member('n1'), want: [] },
    { it: 'a node from after', one: member('n1', { created: 101, index: 101 }), want: ['consul/node joined n1 new'] },
    { it: 'failed since before', one: member('n1', { agent: 'critical', index: 100 }), want: [] },
    { it: 'failed since after', one: member('n1', { agent: 'critical', index: 101 }), want: ['consul/node failed n1 unreachable'] },
  ])('of $it', ({ one, want }) => {
    const history = new History()
    expect(history.tells(view([], [one]), toldTo)).toEqual(want)
    expect(history.tells(view([], [one]))).toEqual([])
  })

  it.each([
    { epoch: 'dc1#3', want: 3 },
    { epoch: 'dc2#3', want: 1 },
    { epoch: 'a#b#7', want: 1 },
    { epoch: '', want: 1 },
  ])('counts $epoch as $want', ({ epoch, want }) => {
    expect(epochNumber('dc1', epoch)).toBe(want)
  })
})
