import { defineEvent, type Integer } from '../schema/index.ts'

/** The bridge about itself: what it lost, what it proved, and that it is there. */
export interface Bridge {
  verb:
    | 'started'
    | 'connected'
    | 'degraded'
    | 'recovered'
    | 'gap'
    | 'gap_unrecoverable'
    | 'epoch'
    | 'checkpoint'
    | 'dead_letter'
    | 'coalesced'
    | 'alarm'
  subject: {
    /** Source it is about: `nomad:<region>`, `consul:<datacenter>`, `kernel:<minion>`, or `bridge` for the sidecar and the engine. */
    source: string
  }
  verdict: {
    /** Why, in one word: `auth`, `watchdog`, `buffer_overrun`, `restart`, `restore`, `disk`, `schema`, … */
    cause: string
    /** One sentence for a person; empty when the cause says it all. */
    detail: string
  }
  change: {
    /** Last raft index before, for gaps and epochs; first lost number for facts that the inbox lost. */
    from: Integer | null
    /** First raft index after; for a checkpoint the number of the last fact before it. */
    to: Integer | null
    /** How many facts, frames or events it is about. */
    count: Integer
  }
  links: {
    /** Ids of what it is about; at most ten. */
    ids: string[]
  }
}
declare module '../schema/index.ts' {
  interface Events {
    bridge: Bridge
  }
}

export default defineEvent<Bridge>({
  tag: 'eos/bridge/{verb}/{subject.source}',
  verbs: {
    started: {
      severity: 'info',
      raised: 'The sidecar has opened its journal and starts its sources.',
      says: 'bridge started: {verdict.detail}',
      id: 'b:{subject.source}:started:{mark}',
      example: { subject: { source: 'bridge' }, verdict: { cause: 'start', detail: 'n1 0.1.0, epoch n1-5f0a93c2' }, change: { from: null, to: null, count: 0 }, links: { ids: [] } },
    },
    connected: {
      severity: 'info',
      raised: 'A source is authorised and reads for the first time since the start.',
      says: '{subject.source} connected',
      id: 'b:{subject.source}:connected:{mark}',
      example: { subject: { source: 'nomad:global' }, verdict: { cause: 'start', detail: '' }, change: { from: null, to: 820, count: 0 }, links: { ids: [] } },
    },
    degraded: {
      severity: 'critical',
      raised: 'A source, the engine or the disk cannot be used, or its answers are not complete; nothing is concluded from its silence.',
      says: '{subject.source} degraded ({verdict.cause}): {verdict.detail}',
      id: 'b:{subject.source}:degraded:{mark}',
      example: { subject: { source: 'nomad:global' }, verdict: { cause: 'auth', detail: 'the token was refused' }, change: { from: 820, to: null, count: 0 }, links: { ids: [] } },
    },
    recovered: {
      severity: 'notice',
      raised: 'What was degraded works again.',
      says: '{subject.source} recovered ({verdict.cause}): {verdict.detail}',
      id: 'b:{subject.source}:recovered:{mark}',
      example: { subject: { source: 'nomad:global' }, verdict: { cause: 'auth', detail: 'after 42 s' }, change: { from: null, to: 845, count: 0 }, links: { ids: [] } },
    },
    gap: {
      severity: 'warning',
      raised: 'The stream does not go on where it was left, or does not prove it; a resync from the lists has begun.',
      says: '{subject.source} gap ({verdict.cause}) from {change.from} to {change.to}; read again from the lists',
      id: 'b:{subject.source}:gap:{mark}',
      example: { subject: { source: 'nomad:global' }, verdict: { cause: 'buffer_overrun', detail: '' }, change: { from: 820, to: 991, count: 0 }, links: { ids: [] } },
    },
    gap_unrecoverable: {
      severity: 'critical',
      raised: 'The lists may no longer hold what happened in the gap, because the server has collected it.',
      says: '{subject.source} gap from {change.from} to {change.to} cannot be repaired: {verdict.detail}',
      id: 'b:{subject.source}:gap_unrecoverable:{mark}',
      example: { subject: { source: 'nomad:global' }, verdict: { cause: 'collected', detail: 'not read from 2026-11-20T07:10:11Z to 2026-11-20T09:10:11Z' }, change: { from: 820, to: 2991, count: 0 }, links: { ids: [] } },
    },
    epoch: {
      severity: 'critical',
      raised: 'The cluster behind a source was rebuilt or restored: its indexes start over.',
      says: '{subject.source} has a new epoch ({verdict.cause}): {verdict.detail}',
      id: 'b:{subject.source}:epoch:{mark}',
      example: { subject: { source: 'nomad:global' }, verdict: { cause: 'restore', detail: 'global#2 after global#1' }, change: { from: 991, to: 640, count: 0 }, links: { ids: [] } },
    },
    checkpoint: {
      severity: 'info',
      raised: 'Every 60 seconds: whoever has all numbers up to this one has missed nothing.',
      says: 'checkpoint: {change.to} facts in this epoch, {change.count} since the last one',
      id: 'b:{subject.source}:checkpoint:{mark}',
      example: { subject: { source: 'bridge' }, verdict: { cause: 'time', detail: '' }, change: { from: 10401, to: 10423, count: 22 }, links: { ids: [] } },
    },
    dead_letter: {
      severity: 'critical',
      raised: 'Facts did not fit their declaration, were too large or were refused by the engine; they are kept as dead letters.',
      says: '{change.count} dead letters from {subject.source} ({verdict.cause}): {verdict.detail}',
      id: 'b:{subject.source}:dead_letter:{mark}',
      example: { subject: { source: 'nomad:global' }, verdict: { cause: 'schema', detail: 'subject.job: expected string; found null' }, change: { from: null, to: null, count: 1 }, links: { ids: ['task:a1b2:srv:oom:1767000160000000002'] } },
    },
    coalesced: {
      severity: 'warning',
      raised: 'Observers on the bus were skipped because the bus is slower than the facts; the inbox has all of them.',
      says: '{change.count} events were not fired on the bus: {verdict.detail}',
      id: 'b:{subject.source}:coalesced:{mark}',
      example: { subject: { source: 'bridge' }, verdict: { cause: 'bus', detail: 'eos/nomad/alloc/started: 5120' }, change: { from: null, to: null, count: 5120 }, links: { ids: [] } },
    },
    alarm: {
      severity: 'critical',
      raised: 'Something that a person must look at, told as soon as it can be told: a disk that refused, a damaged journal, an inbox that lost facts, no fact for too long.',
      says: 'alarm from {subject.source} ({verdict.cause}): {verdict.detail}',
      id: 'b:{subject.source}:alarm:{mark}',
      example: { subject: { source: 'bridge' }, verdict: { cause: 'disk', detail: 'the disk was full for 31 s; nothing was acknowledged meanwhile' }, change: { from: null, to: null, count: 0 }, links: { ids: [] } },
    },
  },
})
