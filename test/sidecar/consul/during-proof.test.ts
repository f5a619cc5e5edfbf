import { afterEach, describe, expect, it } from 'vitest'
import { FakeAgent, FakeCatalogue } from './fake-agent.ts'
import { Watch } from './watch.ts'

// A question that waits is answered once: what it brings while everything is read and proved must not be dropped with the older lists.

const open: { close: () => Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

interface Held {
  readonly catalogue: FakeCatalogue
  readonly watching: Watch
  /** Resolves when the question that stands still was asked. */
  readonly stands: Promise<void>
  readonly letGo: () => void
}

/** A source that has read everything; from now on a question for this path stands still until it is let go. */
async function held(path: string): Promise<Held> {
  const catalogue = FakeCatalogue.of(3, 4)
  const agent = await FakeAgent.open(catalogue)
  open.push(agent)
  const watching = new Watch({ addresses: [agent.address], settle: { service_removed: '1h' } })
  open.push({ close: () => watching.stop() })
  await watching.ready()
  await watching.stands('asking', () => catalogue.wakes.size >= 3)
  const asked = Promise.withResolvers<undefined>()
  const gate = Promise.withResolvers<undefined>()
  open.push({ close: () => Promise.resolve(gate.resolve(undefined)) })
  agent.twist = ({ pathname }) => {
    if (pathname !== path) return undefined
    asked.resolve(undefined)
    return gate.promise
  }
  return { catalogue, watching, stands: asked.promise, letGo: () => gate.resolve(undefined) }
}

/** A proof that has read every list and stands still at its last question. */
async function proving(): Promise<Held> {
  const here = await held('/v1/acl/token/self')
  here.catalogue.write(({ checks }) => checks.splice(1, 1))
  await here.stands
  return here
}

/** Writes, and waits until every list was brought by a question that waited. */
async function brought({ catalogue, watching }: Held, write: (catalogue: FakeCatalogue) => void): Promise<void> {
  await watching.stands('asking again', () => catalogue.wakes.size >= 3)
  catalogue.write(write)
  await watching.stands('asking after that', () => catalogue.wakes.size >= 3)
}

describe('what changes while everything is proved', { timeout: 30_000 }, () => {
  it('is told when the proof is over: a check that fell', async () => {
    const here = await proving()
    await brought(here, (catalogue) => {
      catalogue.checks = catalogue.checks.map((check) => (check.ServiceID === 's2-1' ? { ...check, Status: 'critical', ModifyIndex: 102 } : check))
    })
    here.letGo()
    await here.watching.journal.told('consul/service critical s2/s2-1 check', 5000)
    expect(here.watching.journal.brief()).toEqual(['consul/service deregistered s1/s1-1 explicit unsettled', 'consul/service critical s2/s2-1 check'])
  })

  it('is told when the proof is over: a service without checks, and a node', async () => {
    const here = await proving()
    await brought(here, (catalogue) => {
      catalogue.bare.push('late')
      catalogue.nodes.push('n4')
      catalogue.checks.push({ Node: 'n4', CheckID: 'serfHealth', Status: 'passing', ServiceID: '', ServiceName: '', CreateIndex: 102, ModifyIndex: 102 })
    })
    here.letGo()
    await here.watching.journal.told('consul/service registered late/late-1 new', 5000)
    await here.watching.journal.told('consul/node joined n4 new', 5000)
  })
})

describe('what changes while the services without checks are read', { timeout: 30_000 }, () => {
  it('is read after them: one more of them', async () => {
    const here = await held('/v1/catalog/service/first')
    here.catalogue.write(({ bare }) => bare.push('first'))
    await here.stands
    await brought(here, ({ bare }) => bare.push('second'))
    here.letGo()
    await here.watching.journal.told('consul/service registered second/second-1 new', 5000)
    expect(here.watching.journal.brief().toSorted()).toEqual(['consul/service registered first/first-1 new', 'consul/service registered second/second-1 new'])
  })
})
