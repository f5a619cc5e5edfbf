import { defineEvent, type Integer } from '../schema/index.ts'

/** The bridge about itself: what it lost, what it proved, and that it is there. */
export interface Bridge {
  verb:
    | 'started'
    | 'connected'
    | 'degraded'
    | 'down'
    | 'recovered'
    | 'silent'
    | 'heard'
    | 'gap'
    | 'reread'
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
    /**
     * Why, in one word: `auth`, `unreachable`, `buffer_overrun`, `restore`, `disk`, `schema`, … Of a start: `first`, `restart` after it was
     * stopped, `crash` after it was not, `upgrade` from another version, `journal_damaged`. Of a silence: `sidecar`, `source`, or `minion` for a beacon.
     * Of a gap: `journal_new` where this sidecar never read the source, and the inbox is from another. `internal` is a defect of the sidecar.
     */
    cause: string
    /** One sentence for a person; empty when the cause says it all. */
    detail: string
  }
  change: {
    /** Last raft index before, for gaps and epochs; first lost number for facts that the inbox lost. */
    from: Integer | null
    /** First raft index after; for a checkpoint the number of the last fact before it. */
    to: Integer | null
    /** How many facts, frames or events it is about; seconds for what lasts. */
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
      says: 'bridge started ({verdict.cause}): {verdict.detail}',
      id: 'b:{subject.source}:started:{mark}',
      example: { subject: { source: 'bridge' }, verdict: { cause: 'restart', detail: 'n1 0.1.0, epoch n1-5f0a93c2, again, after it was stopped' }, change: { from: null, to: null, count: 0 }, links: { ids: [] } },
    },
    connected: {
      severity: 'info',
      raised: 'A source is authorised and reads for the first time since the start.',
      says: '{subject.source} connected',
      id: 'b:{subject.source}:connected:{mark}',
      example: { subject: { source: 'nomad:global' }, verdict: { cause: 'start', detail: '' }, change: { from: null, to: 820, count: 0 }, links: { ids: [] } },
    },
    degraded: {
      severity: 'warning',
      raised: 'A source, the engine or the disk cannot be used, or its answers are not complete; nothing is concluded from its silence.',
      says: '{subject.source} degraded ({verdict.cause}): {verdict.detail}',
      advice: '`salt-run eos.bridge` says which source it is and whether it still lasts; it heals without a restart. With cause `auth` look at the token file and its policy, with `unreachable` or `stale` at the servers of {subject.source}, with `engine` at the Salt master.',
      id: 'b:{subject.source}:degraded:{mark}',
      example: { subject: { source: 'nomad:global' }, verdict: { cause: 'auth', detail: 'the token was refused' }, change: { from: 820, to: null, count: 0 }, links: { ids: [] } },
    },
    down: {
      severity: 'critical',
      raised: 'A source has been degraded for 60 seconds without a break.',
      says: '{subject.source} has been degraded for {change.count} s ({verdict.cause}): {verdict.detail}',
      advice: 'Until it recovers, silence says nothing about {subject.source}: look there yourself before you conclude anything. Do what its cause asks (token, servers, network, disk); `journalctl -u eos-sidecar` has every attempt.',
      id: 'b:{subject.source}:down:{mark}',
      example: { subject: { source: 'nomad:global' }, verdict: { cause: 'auth', detail: 'the token was refused' }, change: { from: 820, to: null, count: 60 }, links: { ids: [] } },
    },
    recovered: {
      severity: 'notice',
      raised: 'What was degraded works again.',
      says: '{subject.source} recovered ({verdict.cause}): {verdict.detail}',
      id: 'b:{subject.source}:recovered:{mark}',
      example: { subject: { source: 'nomad:global' }, verdict: { cause: 'auth', detail: 'after 42 s' }, change: { from: null, to: 845, count: 0 }, links: { ids: [] } },
    },
    silent: {
      severity: 'critical',
      raised: 'The sidecar was not heard, a source had no sign of life from its servers, or a beacon of a minion that says every minute that it is there did not, for as long as `silent_after` of the engine says (5 minutes): unlike "nothing happened", nobody would know. Told once for each silence.',
      says: 'nothing was heard from {subject.source} for {change.count} s ({verdict.cause}): {verdict.detail}',
      advice: 'Look at `systemctl status eos-sidecar` on its host when the source is `bridge`, at the minion and its log when it begins with `host:` or `kernel:`, else at the servers behind {subject.source}. Until it is heard again, take nothing from the absence of events.',
      id: 'b:{subject.source}:silent:{mark}',
      example: { subject: { source: 'nomad:global' }, verdict: { cause: 'source', detail: 'its servers were heard last at 2026-11-20T09:05:11Z' }, change: { from: 820, to: null, count: 300 }, links: { ids: [] } },
    },
    heard: {
      severity: 'notice',
      raised: 'What was silent is heard again, or is not configured any more.',
      says: 'the silence of {subject.source} is over after {change.count} s ({verdict.cause}): {verdict.detail}',
      id: 'b:{subject.source}:heard:{mark}',
      example: { subject: { source: 'nomad:global' }, verdict: { cause: 'source', detail: 'heard at 2026-11-20T09:10:53Z' }, change: { from: null, to: null, count: 342 }, links: { ids: [] } },
    },
    gap: {
      severity: 'warning',
      raised: 'The stream does not go on where it was left, because the servers no longer have it, or a line of it was refused; what it did not tell was read from the lists.',
      says: '{subject.source} gap ({verdict.cause}) from {change.from} to {change.to}; read again from the lists: {verdict.detail}',
      advice: 'What the lists showed is told with origin `resync`; several changes of one object in between are told as one. If it comes often, raise `event_buffer_size` of the Nomad servers; with cause `inbox_lost` the inbox is older than it was, so find out who restored it.',
      id: 'b:{subject.source}:gap:{mark}',
      example: { subject: { source: 'nomad:global' }, verdict: { cause: 'buffer_overrun', detail: 'the servers no longer have what came after the cursor' }, change: { from: 820, to: 991, count: 0 }, links: { ids: [] } },
    },
    reread: {
      severity: 'notice',
      raised: 'The stream does not show where it was left, or had fallen silent, while the lists went on, as they do when nothing happens that is streamed (a purge of a node is such a thing). All lists were read again, so nothing that stands is missed; nothing need have been lost.',
      says: '{subject.source} read its lists again ({verdict.cause}) from {change.from} to {change.to}: {verdict.detail}',
      id: 'b:{subject.source}:reread:{mark}',
      example: { subject: { source: 'nomad:global' }, verdict: { cause: 'no_proof', detail: 'the stream does not show where it was left' }, change: { from: 655, to: 657, count: 0 }, links: { ids: [] } },
    },
    gap_unrecoverable: {
      severity: 'critical',
      raised: 'The lists may no longer hold what happened in the gap, because the server has collected it.',
      says: '{subject.source} gap from {change.from} to {change.to} cannot be repaired: {verdict.detail}',
      advice: 'Look into the logs of the servers and of the jobs for the time that the line names: what ended then may be in no list any more. Keep such outages shorter than `job_gc_threshold` and `eval_gc_threshold` of the Nomad servers, or raise these.',
      id: 'b:{subject.source}:gap_unrecoverable:{mark}',
      example: { subject: { source: 'nomad:global' }, verdict: { cause: 'collected', detail: 'not read from 2026-11-20T07:10:11Z to 2026-11-20T09:10:11Z' }, change: { from: 820, to: 2991, count: 0 }, links: { ids: [] } },
    },
    epoch: {
      severity: 'critical',
      raised: 'The cluster behind a source was rebuilt or restored: its indexes start over.',
      says: '{subject.source} has a new epoch ({verdict.cause}): {verdict.detail}',
      advice: 'If nobody restored a snapshot or rebuilt the cluster behind {subject.source}, find out which server began with an empty or an old data directory. Compare what runs with what should run: the servers have forgotten what happened since the snapshot.',
      id: 'b:{subject.source}:epoch:{mark}',
      example: { subject: { source: 'nomad:global' }, verdict: { cause: 'restore', detail: 'global#2 after global#1' }, change: { from: 991, to: 640, count: 0 }, links: { ids: [] } },
    },
    checkpoint: {
      severity: 'info',
      raised: 'Every 60 seconds: whoever has all numbers up to this one has missed nothing.',
      says: 'checkpoint: facts in this epoch {change.to}, since the last checkpoint {change.count}',
      id: 'b:{subject.source}:checkpoint:{mark}',
      example: { subject: { source: 'bridge' }, verdict: { cause: 'time', detail: '' }, change: { from: 10401, to: 10423, count: 22 }, links: { ids: [] } },
    },
    dead_letter: {
      severity: 'critical',
      raised: 'Facts did not fit their declaration, were too large or were refused by the engine; they are kept as dead letters.',
      says: 'dead letters from {subject.source} ({verdict.cause}), {change.count} in all: {verdict.detail}',
      advice: 'Nothing is thrown away: `salt-run eos.bridge --out=json` shows the dead letters of the engine, table `dead` of the journal those of the sidecar. Mostly the versions of sidecar, wheel and servers do not fit (`salt-run eos.versions`); otherwise report it with this line.',
      id: 'b:{subject.source}:dead_letter:{mark}',
      example: { subject: { source: 'nomad:global' }, verdict: { cause: 'schema', detail: 'subject.job: expected string; found null' }, change: { from: null, to: null, count: 1 }, links: { ids: ['task:a1b2:srv:oom:1767000160000000002'] } },
    },
    coalesced: {
      severity: 'warning',
      raised: 'Observers on the bus were skipped because the bus is slower than the facts; the inbox has all of them.',
      says: 'not fired on the bus, {change.count} in all: {verdict.detail}',
      advice: 'Whoever reads the bus has missed these events, the inbox has them: `salt-run eos.events` shows them, `salt-run eos.replay` fires them again. If it comes often, let the consumer read the inbox.',
      id: 'b:{subject.source}:coalesced:{mark}',
      example: { subject: { source: 'bridge' }, verdict: { cause: 'bus', detail: 'eos/nomad/alloc/started: 5120' }, change: { from: null, to: null, count: 5120 }, links: { ids: [] } },
    },
    alarm: {
      severity: 'critical',
      raised: 'Something that a person must look at, told as soon as it can be told: a disk that refused, a damaged journal or inbox, numbers that had to begin anew.',
      says: 'alarm from {subject.source} ({verdict.cause}): {verdict.detail}',
      advice: 'With cause `disk` free or replace the disk; with `journal_damaged` or `inbox` keep the file that was moved aside and find out what damaged it. With `renumbered` there is nothing to do: what was not acknowledged is sent again.',
      id: 'b:{subject.source}:alarm:{mark}',
      example: { subject: { source: 'bridge' }, verdict: { cause: 'disk', detail: 'the disk was full for 31 s; nothing was acknowledged meanwhile' }, change: { from: null, to: null, count: 0 }, links: { ids: [] } },
    },
  },
})
