import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { DeadLetters } from '../../src/sidecar/dead-letters.ts'
import { DiskWatch } from '../../src/sidecar/disk-watch.ts'
import type { DeadRow } from '../../src/sidecar/journal/messages.ts'
import { makeLog } from '../../src/sidecar/log.ts'
import { metricsText } from '../../src/sidecar/metrics/text.ts'
import { selfWriter, type Note } from '../../src/sidecar/self.ts'
import type { Commit, Standing } from '../../src/sidecar/source.ts'
import { lookAtStandings } from '../../src/sidecar/watch-standings.ts'

let notes: Note[] = []
let lines: string[] = []
const log = makeLog(false, (line) => void lines.push(line))
const say = (note: Note): void => void notes.push(note)

beforeEach(() => {
  vi.useFakeTimers()
  notes = []
  lines = []
})
afterEach(() => void vi.useRealTimers())

const dead = (id: string, name = 'nomad:global'): DeadRow => ({ id, name, code: 'EOS630', reason: 'subject.job: expected string; found null', at: 0, body: '' })

describe('dead letters', () => {
  it('are told at once, then gathered for ten seconds', () => {
    const letters = new DeadLetters(say, log)
    letters.tell([dead('a')])
    letters.tell(Array.from({ length: 500 }, (_, index) => dead(`b${index}`)))
    letters.tell([dead('c', 'consul:dc1')])
    expect(notes).toMatchObject([
      { verb: 'dead_letter', source: 'nomad:global', cause: 'schema', count: 1, ids: ['a'] },
      { verb: 'dead_letter', source: 'consul:dc1', count: 1, ids: ['c'] },
    ])
    vi.advanceTimersByTime(10_000)
    expect(notes[2]).toMatchObject({ source: 'nomad:global', count: 500, ids: Array.from({ length: 10 }, (_, index) => `b${index}`) })
    vi.advanceTimersByTime(60_000)
    letters.tell([dead('d')])
    expect(notes).toHaveLength(4)
  })

  it('that wait when the sidecar stops are told before it ends', () => {
    const letters = new DeadLetters(say, log)
    letters.tell([dead('a'), dead('b'), dead('c')])
    letters.stop()
    expect(notes.map(({ ids }) => ids)).toEqual([['a'], ['b', 'c']])
    vi.advanceTimersByTime(60_000)
    expect(notes).toHaveLength(2)
  })

  it('about the bridge are only logged, so none leads to the next', () => {
    new DeadLetters(say, log).tell([dead('x', 'bridge')])
    vi.advanceTimersByTime(60_000)
    expect(notes).toEqual([])
    expect(lines).toEqual(['<3>a dead letter id="x" source="bridge" code="EOS630" reason="subject.job: expected string; found null"\n'])
  })
})

describe('a refusing disk', () => {
  it('is alarmed about when it heals, once, with its first cause and its time', () => {
    const watch = new DiskWatch(say, log)
    watch.tell('the disk is full')
    vi.advanceTimersByTime(30_000)
    watch.tell('the disk reports an error')
    expect(watch.problem).toBe('the disk reports an error')
    expect(notes).toEqual([])
    watch.tell(null)
    watch.tell(null)
    expect(notes).toMatchObject([{ verb: 'alarm', source: 'bridge', cause: 'disk', detail: 'the disk is full, for 30.0 s; nothing was acknowledged meanwhile, and nothing is lost' }])
    expect(watch.problem).toBeNull()
  })
})

describe('standings', () => {
  const standing = (more: Partial<Standing>): Standing => ({ name: 'nomad:global', isReady: false, degraded: null, index: 5, heard: 0, counters: {}, ...more })
  /** What one look a second tells, where two seconds are long. */
  const toldOf = (steps: readonly Partial<Standing>[]): (readonly Note[])[] => {
    let known: ReturnType<typeof lookAtStandings>['known'] = new Map()
    return steps.map((step, second) => {
      const looked = lookAtStandings(known, [standing(step)], second * 1000, 2000)
      known = looked.known
      return looked.notes
    })
  }

  it('become facts when they change, and only then', () => {
    const auth = { degraded: 'auth: the token was refused' }
    const steps: readonly Partial<Standing>[] = [{}, { isReady: true }, { isReady: true }, { isReady: true, ...auth }, auth, auth, auth, { isReady: true, index: 9 }]
    expect(toldOf(steps)).toEqual([
      [],
      [{ verb: 'connected', source: 'nomad:global', cause: 'start', to: 5 }],
      [],
      [{ verb: 'degraded', source: 'nomad:global', cause: 'auth', detail: 'the token was refused', from: 5 }],
      [],
      [{ verb: 'down', source: 'nomad:global', cause: 'auth', detail: 'the token was refused', from: 5, count: 2 }],
      [],
      [{ verb: 'recovered', source: 'nomad:global', cause: 'auth', detail: 'after 4 s', to: 9 }],
    ])
  })

  it('tell one outage once, whichever server was asked last', () => {
    const steps = ['a', 'b', 'a', 'b'].map((server) => ({ degraded: `unreachable: ${server} does not answer` }))
    expect(toldOf([{ isReady: true }, ...steps]).flat().map(({ verb }) => verb)).toEqual(['connected', 'degraded', 'down'])
  })

  it('tell that each trouble lasts, and not of one that was short', () => {
    const steps: readonly Partial<Standing>[] = [{ degraded: 'a: x' }, {}, { degraded: 'a: x' }, { degraded: 'b: y' }, { degraded: 'b: y' }, { degraded: 'a: x' }]
    expect(toldOf(steps).map((notes) => notes.map(({ verb, cause }) => `${verb} ${cause}`))).toEqual([['degraded a'], ['recovered a'], ['degraded a'], ['degraded b'], ['down b'], ['degraded a']])
  })

  it('that are degraded from the start are told, and connected comes with the recovery', () => {
    const first = lookAtStandings(new Map(), [standing({ degraded: 'no route' })], 0, 2000)
    expect(first.notes).toEqual([{ verb: 'degraded', source: 'nomad:global', cause: 'source', detail: 'no route', from: 5 }])
    expect(lookAtStandings(first.known, [standing({ isReady: true })], 1000, 2000).notes.map(({ verb }) => verb)).toEqual(['connected', 'recovered'])
  })
})

describe('notes of the sidecar about itself', () => {
  it('have ids of their own, and do not pile up before a refusing disk', () => {
    const commits: Commit[] = []
    const write = selfWriter({ remember: async () => ({ cursor: null, rows: [] }), commit: (commit) => new Promise(() => void commits.push(commit)) }, 'n1', log)
    for (let count = 0; count < 150; count += 1) write({ verb: 'degraded', source: 'bridge', cause: 'disk' })
    expect(new Set(commits.flatMap(({ facts }) => facts.map(({ mark }) => mark))).size).toBe(100)
    expect(lines).toHaveLength(50)
  })
})

describe('the text of the metrics', () => {
  it('is what Prometheus reads, with hostile labels escaped', () => {
    const text = metricsText([
      { name: 'a_total', kind: 'counter', help: 'Of a.', samples: [{ labels: { source: 'x"y\\z\n' }, value: 1 }, { value: 2.5 }] },
      { name: 'none', kind: 'gauge', help: 'Of none.', samples: [] },
    ])
    expect(text).toBe('# HELP a_total Of a.\n# TYPE a_total counter\na_total{source="x\\"y\\\\z\\n"} 1\na_total 2.5\n')
  })
})

describe('the log', () => {
  it('keeps one line a thing, also of hostile text', () => {
    makeLog(false, (line) => void lines.push(line))('warning', 'two\nlines', { detail: 'a\n<0>b' })
    makeLog(true, (line) => void lines.push(line))('warning', 'two\nlines', { detail: 'a\n<0>b' })
    expect(lines[0]).toBe('<4>two | lines detail="a\\n<0>b"\n')
    expect(JSON.parse(lines[1] ?? '')).toMatchObject({ level: 'warning', message: 'two\nlines', detail: 'a\n<0>b' })
    expect(lines[1]?.match(/\n/g)).toHaveLength(1)
  })
})
