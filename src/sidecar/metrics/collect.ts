import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Snapshot } from '../journal/messages.ts'
import type { SenderCounters } from '../sender/sender.ts'
import type { Standing } from '../source.ts'
import type { Metric, Sample } from './text.ts'

/** Everything that the metrics are made of. */
export interface Observed {
  readonly snapshot: Snapshot | null
  readonly oldest: number | null
  readonly waiting: number
  readonly isDiskRefusing: boolean
  readonly isLinked: boolean
  readonly isActive: boolean
  readonly sender: SenderCounters
  readonly standings: readonly Standing[]
  /** Facts written, by `<event> <verb>`. */
  readonly facts: ReadonlyMap<string, number>
  readonly now: number
}

const PREFIX = 'eos_sidecar_'
const delay = monitorEventLoopDelay({ resolution: 20 })
delay.enable()

/** The metrics of this moment. */
export function collectMetrics(observed: Observed): Metric[] {
  return [...journalMetrics(observed), ...senderMetrics(observed), ...sourceMetrics(observed), ...processMetrics()]
}

function journalMetrics({ snapshot, oldest, waiting, isDiskRefusing, facts, now }: Observed): Metric[] {
  const { last = 0, acknowledged = 0, depth = 0, dead = 0, duplicates = 0, groups = 0, writes = 0 } = snapshot ?? {}
  return [
    gauge('journal_open', 'Whether the journal is open.', snapshot === null ? 0 : 1),
    gauge('journal_disk_refusing', 'Whether the disk refuses, so that nothing is acknowledged.', isDiskRefusing ? 1 : 0),
    gauge('outbox_depth', 'Facts that the engine has not acknowledged.', depth),
    gauge('outbox_age_seconds', 'Age of the oldest of them.', oldest === null ? 0 : Math.max(0, now - oldest) / 1000),
    gauge('journal_waiting', 'Questions that wait for the disk.', waiting),
    gauge('last_seq', 'Number of the last fact of this epoch.', last),
    gauge('acknowledged_seq', 'Number of the last fact that the engine acknowledged.', acknowledged),
    gauge('dead_letters', 'Dead letters that are kept.', dead),
    counter('journal_duplicates_total', 'Facts that were journalled before and dropped.', duplicates),
    counter('journal_transactions_total', 'Durable transactions.', groups),
    counter('journal_commits_total', 'Commits of sources in them.', writes),
    {
      name: `${PREFIX}facts_total`,
      kind: 'counter',
      help: 'Facts that were committed, by event and verb.',
      samples: [...facts].map(([name, value]) => ({ labels: { event: name.split(' ')[0] ?? '', verb: name.split(' ')[1] ?? '' }, value })),
    },
  ]
}

function senderMetrics({ isLinked, isActive, sender }: Observed): Metric[] {
  return [
    gauge('engine_linked', 'Whether the engine has greeted.', isLinked ? 1 : 0),
    gauge('active', 'Whether this half of the pair sends.', isActive ? 1 : 0),
    counter('engine_connects_total', 'Attempts to reach the engine.', sender.connects),
    counter('batches_total', 'Batches sent.', sender.batches),
    counter('sent_bytes_total', 'Bytes of them.', sender.bytes),
    counter('refused_total', 'Envelopes that the engine refused.', sender.refused),
  ]
}

function sourceMetrics({ standings, now }: Observed): Metric[] {
  const each = (value: (standing: Standing) => number): Sample[] => standings.map((standing) => ({ labels: { source: standing.name }, value: value(standing) }))
  const names = [...new Set(standings.flatMap(({ counters }) => Object.keys(counters)))].sort()
  return [
    { name: `${PREFIX}source_ready`, kind: 'gauge', help: 'Whether the source is authorised and reads.', samples: each(({ isReady }) => (isReady ? 1 : 0)) },
    { name: `${PREFIX}source_degraded`, kind: 'gauge', help: 'Whether its answers may be incomplete.', samples: each(({ degraded }) => (degraded === null ? 0 : 1)) },
    { name: `${PREFIX}source_index`, kind: 'gauge', help: 'Raft index of the last committed observation.', samples: each(({ index }) => index) },
    { name: `${PREFIX}source_lag_seconds`, kind: 'gauge', help: 'Time since the last sign of life.', samples: each(({ heard }) => (heard === 0 ? 0 : Math.max(0, now - heard) / 1000)) },
    ...names.map((name): Metric => ({
      name: `${PREFIX}${name}`,
      kind: name.endsWith('_total') ? 'counter' : 'gauge',
      help: 'As the source counts it.',
      samples: standings.flatMap(({ name: source, counters }) => {
        const value = counters[name]
        return value === undefined ? [] : [{ labels: { source }, value }]
      }),
    })),
  ]
}

function processMetrics(): Metric[] {
  const p99 = delay.percentile(99) / 1e9
  delay.reset()
  return [
    { name: 'process_resident_memory_bytes', kind: 'gauge', help: 'Resident memory.', samples: [{ value: process.memoryUsage.rss() }] },
    { name: 'process_cpu_seconds_total', kind: 'counter', help: 'Processor time.', samples: [{ value: (process.cpuUsage().user + process.cpuUsage().system) / 1e6 }] },
    { name: 'process_start_time_seconds', kind: 'gauge', help: 'When the process started.', samples: [{ value: Math.round(Date.now() / 1000 - process.uptime()) }] },
    gauge('event_loop_delay_p99_seconds', 'Delay of the event loop since the last look.', Number.isFinite(p99) ? p99 : 0),
  ]
}

function gauge(name: string, help: string, value: number): Metric {
  return { name: PREFIX + name, kind: 'gauge', help, samples: [{ value }] }
}

function counter(name: string, help: string, value: number): Metric {
  return { name: PREFIX + name, kind: 'counter', help, samples: [{ value }] }
}
