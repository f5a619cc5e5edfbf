import { describe, expect, it } from 'vitest'
import { buildEnvelope } from '../../../src/sidecar/envelope/build.ts'
import { readTable } from '../../../src/sidecar/envelope/table.ts'
import { fill, leafText, patternOf } from '../../../src/sidecar/envelope/text.ts'
import type { Fact, Json } from '../../../src/sidecar/fact.ts'
import { Memory } from '../../../src/sidecar/nomad/memory.ts'
import type { NomadRecord } from '../../../src/sidecar/nomad/record.ts'
import { frames, listedAt, momentAt, MOMENTS, replay } from './recording.ts'
import { array, object } from './shape.ts'

const TABLE = readTable(new URL('../../../generated/events/table.json', import.meta.url))
const LASTING = new Set(['placed', 'started', 'failed', 'rescheduled', 'migrated', 'lost', 'preempted', 'stopped', 'timed_out'])

/** Facts that lists show however late they are read: of jobs that are still there, and of ends that were not taken back. */
function isLasting(fact: Fact, { lists }: (typeof MOMENTS)[number]): boolean {
  const ids = (name: string): Set<string> => new Set(array(lists[name]).map(object).map((row) => String(row['ID'])))
  if (fact.event === 'nomad/job') return fact.verb !== 'purged' && ids('jobs').has(fact.subject.job)
  if (fact.event === 'nomad/alloc') return ids('allocations').has(fact.subject.alloc) && LASTING.has(fact.verb)
  if (fact.event === 'nomad/deployment') return ids('deployments').has(fact.subject.deployment) && fact.verb !== 'needs_promotion'
  return fact.event === 'nomad/task'
}

function line(fact: Fact): string {
  const built = buildEnvelope(TABLE, fact, 0)
  if ('dead' in built) throw new Error(`${built.dead.reason}: ${built.dead.body}`)
  const subject: Record<string, Json> = { ...fact.subject }
  const place = ['job', 'group', 'task', 'service', 'node', 'nodeId'].map((key) => subject[key]).filter((value) => value !== undefined && value !== '')
  return `${fact.event} ${fact.verb} ${fact.settled ? '' : '(unsettled) '}${place.join('/')} ${fact.verdict.cause}${'confidence' in fact.verdict && fact.verdict.confidence === 'inferred' ? ' (inferred)' : ''}${fact.coalesced > 0 ? ` +${fact.coalesced}` : ''}  ${built.row.id}`
}

function idOf(fact: Fact): string {
  const built = buildEnvelope(TABLE, fact, 0)
  return 'row' in built ? built.row.id : ''
}

describe('what Nomad really sends', () => {
  it('is told as these facts', async () => {
    const told = await replay(new Memory(), frames)
    const steps = Map.groupBy(told, ({ step }) => step)
    const text = [...steps].map(([step, all]) => `# ${step}\n${all.flatMap(({ facts }) => facts.map(line)).join('\n')}\n`).join('\n')
    await expect(text).toMatchFileSnapshot('recorded/facts.txt')
  })

  it('is told once: the same frames again tell nothing', async () => {
    const memory = new Memory()
    const first = new Set((await replay(memory, frames)).flatMap(({ facts }) => facts.map(idOf)))
    const again = (await replay(memory, frames)).flatMap(({ facts }) => facts.map(idOf))
    expect(again.filter((id) => !first.has(id))).toEqual([])
  })

  it('fits its declaration, every fact of it', async () => {
    const told = (await replay(new Memory(), frames)).flatMap(({ facts }) => facts)
    expect(told.length).toBeGreaterThan(200)
    expect(told.flatMap((fact) => ('dead' in buildEnvelope(TABLE, fact, 0) ? [line(fact)] : []))).toEqual([])
  })
})

describe('a resync', () => {
  it('gives the ids that the stream gave, at whatever moment it reads the lists', async () => {
    const told = new Set((await replay(new Memory(), frames)).flatMap(({ facts }) => facts.map(idOf)))
    for (const moment of MOMENTS) {
      const facts = (await replay(new Memory(), [listedAt(moment)])).flatMap((one) => one.facts)
      expect(facts.length).toBeGreaterThan(0)
      // A blocked group is named by the evaluation that waits for it: nothing tells a late reader of those that waited before.
      const found = facts.filter(({ event }) => event !== 'nomad/eval').map(idOf)
      expect({ moment: moment.name, strange: found.filter((id) => !told.has(id)) }).toEqual({ moment: moment.name, strange: [] })
    }
  })

  it('tells what became of jobs and allocations in a gap, whenever it began', async () => {
    for (const [position, to] of MOMENTS.entries()) {
      for (const from of [0, ...MOMENTS.slice(0, position).map(({ index }) => index)]) {
        const memory = new Memory()
        const known = await replay(memory, frames.filter(({ moment }) => moment.index <= from))
        const late = (await replay(memory, [listedAt(to)])).flatMap(({ facts }) => facts)
        const ids = new Set([...known.flatMap(({ facts }) => facts), ...late].map(idOf))
        const meant = (await replay(new Memory(), frames.filter(({ moment }) => moment.index <= to.index))).flatMap(({ facts }) => facts).filter((fact) => isLasting(fact, to))
        expect({ from, to: to.name, lost: meant.map(idOf).filter((id) => !ids.has(id)) }).toEqual({ from, to: to.name, lost: [] })
      }
    }
  })
})

describe('a job', () => {
  const [first, second] = frames.flatMap(({ records }) => records.map(([record]) => record)).filter((record) => record.kind === 'job' && record.id === 'big')
  const tell = async (memory: Memory, record: NomadRecord | undefined): Promise<string[]> =>
    record === undefined ? [] : (await replay(memory, [{ step: '', moment: momentAt('resync', 1000), records: [[record, {}]] }])).flatMap(({ facts }) => facts.map((fact) => `${fact.verb} ${fact.verdict.cause} ${fact.coalesced} ${idOf(fact)}`))

  it('that was purged and came back between two looks is another one', async () => {
    const memory = new Memory()
    await tell(memory, first)
    const again = first?.kind === 'job' ? { ...first, created: 500, specified: 500, modified: 501 } : undefined
    expect(await tell(memory, again)).toEqual(['purged missing 0 job:default/big:purged:105', 'registered new 0 job:default/big:registered:500'])
  })

  it('of which only counts changed was scaled', async () => {
    const memory = new Memory()
    await tell(memory, first)
    expect(await tell(memory, first?.kind === 'job' ? { ...first, version: 1, counts: { main: 5 }, specified: 111, modified: 111 } : undefined)).toEqual(['scaled counts 0 job:default/big:scaled:111'])
  })

  it('of whose first versions nothing is left is registered all the same, and says how many they were', async () => {
    const late = second?.kind === 'job' ? { ...second, version: 7, specified: 300, modified: 300 } : undefined
    expect(await tell(new Memory(), late)).toEqual(['registered new 7 job:default/big:registered:105'])
  })
})

describe('an id', () => {
  it('is made of leaves only', () => {
    expect(fill(patternOf('alloc:{subject.alloc}:{mark}'), (reference) => (reference === 'mark' ? '1' : leafText({ subject: { alloc: 'a' } }, reference)))).toBe('alloc:a:1')
  })
})
