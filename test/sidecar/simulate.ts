import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { readConfig } from '../../src/sidecar/config/config.ts'
import { readTable } from '../../src/sidecar/envelope/table.ts'
import type { FactOf } from '../../src/sidecar/fact.ts'
import { makeLog } from '../../src/sidecar/log.ts'
import { runSidecar } from '../../src/sidecar/run.ts'
import type { Journal, Source } from '../../src/sidecar/source.ts'
import { tablePath } from './rig.ts'

// A whole sidecar whose only source counts: for tests and measurements of everything behind the sources.
// node test/sidecar/simulate.ts --config <file> [--rate 100] [--count 0] [--batch 1] [--hold 64] [--again 0] [--quiet]

const { values } = parseArgs({ options: { config: { type: 'string' }, table: { type: 'string' }, rate: { type: 'string' }, count: { type: 'string' }, batch: { type: 'string' }, hold: { type: 'string' }, again: { type: 'string' }, quiet: { type: 'boolean' } } })
const rate = Number(values.rate ?? 100)
const count = Number(values.count ?? 0)
const batch = Number(values.batch ?? 1)
const hold = Number(values.hold ?? 64)
const again = Number(values.again ?? 0)
const NAME = 'simulate'

/** The fact with that number: its id is the same whenever it is made. */
function factOf(index: number): FactOf<'bridge'> {
  const observed = new Date().toISOString()
  return {
    event: 'bridge',
    verb: 'epoch',
    subject: { source: NAME },
    verdict: { cause: 'simulated', detail: 'x'.repeat(200) },
    change: { from: index - 1, to: index, count: 1 },
    links: { ids: [] },
    mark: String(index),
    origin: 'stream',
    source: { kind: 'bridge', name: NAME, epoch: 'simulate#1', index },
    time: { occurred: observed, observed, clock: 'sidecar' },
    settled: true,
    coalesced: 0,
    evidence: [],
  }
}

/** Goes on where its committed cursor stands, less the `again` facts that it repeats as a server would; at most `hold` commits wait for the disk at once. */
function simulate(journal: Journal): Source {
  let index = 0
  let committed = 0
  let waiting = 0
  let isStopped = false
  let started = 0
  let made = 0
  const next = (): void => {
    while (!isStopped && waiting < hold && (count === 0 || index < count) && made < ((performance.now() - started) / 1000) * rate) {
      const facts = Array.from({ length: batch }, () => factOf(++index))
      const cursor = index
      made += batch
      waiting += 1
      void journal.commit({ source: NAME, facts, puts: [{ kind: 'count', key: `k${cursor % 100}`, value: cursor }], deletes: [], cursor }).then(() => {
        waiting -= 1
        committed = Math.max(committed, cursor)
        // The line that a test holds against the inbox: what was acknowledged to the source may never be lost.
        if (values.quiet !== true) process.stdout.write(`${cursor}\n`)
        next()
      })
    }
  }
  void journal.remember(NAME).then(({ cursor }) => {
    index = Math.max(0, (typeof cursor === 'number' ? cursor : 0) - again)
    committed = index
    started = performance.now()
    setInterval(next, 2).unref()
  })
  return {
    standing: () => ({ name: NAME, isReady: true, degraded: null, index: committed, heard: Date.now(), counters: { simulated_total: index } }),
    stop: async () => {
      isStopped = true
    },
  }
}

const log = makeLog(false, (line) => void process.stderr.write(line))
const config = readConfig(values.config ?? '')
const running = await runSidecar({
  config,
  table: readTable(values.table ?? tablePath()),
  version: JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version,
  log,
  fatal: (problem) => {
    log('alert', problem.message)
    process.exit(74)
  },
  sources: (journal) => [simulate(journal)],
})
process.once('SIGTERM', () => void running.stop().then(() => process.exit(0)))
