import { defineEvent, type Integer } from '../../schema/index.ts'

/** The kernel killed for lack of memory. Counters say exactly how often, log lines say whom. */
export interface KernelOom {
  verb: 'killed' | 'group_killed' | 'unattributed'
  subject: {
    /** Minion whose kernel or memory cgroup killed. */
    minion: string
    /** What a person would look up first: the Nomad allocation, else the systemd unit, else the container, else the cgroup; `unknown` without any. */
    place: string
    /** Full id of the Nomad allocation; null outside Nomad. */
    alloc: string | null
    /** Nomad job; null outside Nomad, or when nothing on the host told it. */
    job: string | null
    /** Task group of that job, as far as known. */
    group: string | null
    /** Task of the allocation, as far as known. */
    task: string | null
    /** Systemd unit that the cgroup belongs to: the service or scope, else the slice. */
    unit: string | null
    /** Docker container, by name as far as known, else by the first twelve digits of its id. */
    container: string | null
    /** Memory cgroup of the process, as the kernel printed it; null when the kernel left that line out. */
    cgroup: string | null
    /** Name of the process (at most 15 bytes, control characters as the kernel escapes them); null when only the counter moved. */
    process: string | null
    /** Number of the process in the host's own numbering. */
    pid: Integer | null
  }
  verdict: {
    /**
     * Whose memory ran out. `own_limit`: the limit of the very cgroup. `parent_limit`: the limit of a cgroup above it, so a neighbour may
     * be the cause. `host_pressure`: the machine's memory; the victim is rarely the culprit, see `consumers`. `policy`: the memory nodes
     * that a cpuset or memory policy allows. `unknown`: no line says it.
     */
    cause: 'own_limit' | 'parent_limit' | 'host_pressure' | 'policy' | 'unknown'
    /** Bytes of anonymous memory of the process when it was killed, as digits. */
    anon: string | null
    /** Bytes that the limited cgroup used when it ran out, as digits; null for host pressure. */
    peak: string | null
    /** Limit in bytes of that cgroup, as digits. */
    limit: string | null
    /** Whether the cgroup, and so the unit or allocation, is known. */
    isAttributed: boolean
    /**
     * `proved`: counter and kernel lines agree. `inferred`: the process is certain, its cgroup follows from its neighbours or is missing.
     * `suspected`: the counter is shared with other nodes on the same kernel, and no line says whose kill it was.
     */
    confidence: 'proved' | 'inferred' | 'suspected'
    /** For host pressure the largest processes at that moment, each as `name pid bytes`; for a burst the places with most kills, as `place count`. */
    consumers: string[]
    /**
     * Why a line is missing. `complete`: none is. `no_summary`: the kernel limits how many summaries it prints, this one it left out.
     * `no_line`: the counter moved and no line came in time. `lines_lost`: the log was overwritten first. `unreadable`: the log may not be
     * read here. `burst`: more kills than the beacon reports singly. `ambiguous`: the line can be read in two ways, so it is not believed.
     */
    missing: 'complete' | 'no_summary' | 'no_line' | 'lines_lost' | 'unreadable' | 'burst' | 'ambiguous'
  }
  change: {
    /** How many processes died in it. */
    count: Integer
    /** Kills that the kernel had counted since its boot when this was told. */
    total: Integer
  }
  links: {
    /** Full id of the Nomad allocation: the same as in the events of Nomad and Consul. */
    alloc: string | null
    /** Nomad namespace of the job, as far as known. */
    namespace: string | null
    /** Full id of the Docker container. */
    container: string | null
    /** Boot of the kernel that killed. */
    boot: string
  }
}
declare module '../../schema/index.ts' {
  interface Events {
    'kernel/oom': KernelOom
  }
}


export default defineEvent<KernelOom>({
  tag: 'eos/kernel/oom/{verb}/{subject.place}',
  verbs: {
    killed: {
      severity: 'critical',
      raised: 'The counter of kernel OOM kills moved, and the kernel log has the line of this one process.',
      says: '{subject.minion}: the kernel killed {subject.process} (pid {subject.pid}) in {subject.place}, task {subject.task} of {subject.job}: {verdict.cause}, {verdict.anon} bytes anonymous, limit {verdict.limit}',
      advice: 'With cause `own_limit` raise the limit of {subject.place} or find what fills it. With `parent_limit` or `host_pressure` look at the neighbours first, in `consumers` of the verdict: the victim is rarely the culprit.',
      id: 'k:{subject.minion}:{links.boot}:{mark}',
      example: {
        subject: { minion: 'n1', place: '5b9c5dd2-1c80-4b0a-9c3e-0a3d4f2f6a11', alloc: '5b9c5dd2-1c80-4b0a-9c3e-0a3d4f2f6a11', job: 'web', group: 'api', task: 'srv', unit: null, container: 'srv-5b9c5dd2-1c80-4b0a-9c3e-0a3d4f2f6a11', cgroup: '/docker/0f3c2a9e5d7b', process: 'python3', pid: 71_234 },
        verdict: { cause: 'own_limit', anon: '104726528', peak: '134217728', limit: '134217728', isAttributed: true, confidence: 'proved', consumers: [], missing: 'complete' },
        change: { count: 1, total: 12 },
        links: { alloc: '5b9c5dd2-1c80-4b0a-9c3e-0a3d4f2f6a11', namespace: 'default', container: '0f3c2a9e5d7b', boot: '8c1e4f5a-6f0e-4a53-9d3b-2f6f1b0c7d11' },
      },
    },
    group_killed: {
      severity: 'critical',
      raised: 'The cgroup has `memory.oom.group` set, so the kernel killed all its processes together; one event for the group.',
      says: '{subject.minion}: the kernel killed every process of {subject.place}, {change.count} in all, {subject.process} (pid {subject.pid}) first: {verdict.cause}, limit {verdict.limit}',
      advice: 'All of {subject.place} is gone, because `memory.oom.group` is set: see whether systemd or Nomad has started it again. Then raise its limit of {verdict.limit} bytes, or find what fills it.',
      id: 'k:{subject.minion}:{links.boot}:{mark}',
      example: {
        subject: { minion: 'n1', place: 'caddy.service', alloc: null, job: null, group: null, task: null, unit: 'caddy.service', container: null, cgroup: '/system.slice/caddy.service', process: 'caddy', pid: 812 },
        verdict: { cause: 'own_limit', anon: '62914560', peak: '67108864', limit: '67108864', isAttributed: true, confidence: 'proved', consumers: [], missing: 'complete' },
        change: { count: 3, total: 15 },
        links: { alloc: null, namespace: null, container: null, boot: '8c1e4f5a-6f0e-4a53-9d3b-2f6f1b0c7d11' },
      },
    },
    unattributed: {
      severity: 'warning',
      raised: 'The counter of kernel OOM kills moved, and within `attribute_within` no line said whom; or more died than are reported singly.',
      says: '{subject.minion}: the kernel killed processes that nothing names, {change.count} in all ({verdict.missing}, {verdict.confidence}); they may belong to another container on the same kernel',
      advice: 'Look into `journalctl -k` of {subject.minion} and of every other container and virtual machine manager on the same kernel: the counter is shared by all of them. With `unreadable` give the minion access to the kernel log.',
      id: 'k:{subject.minion}:{links.boot}:{mark}',
      example: {
        subject: { minion: 'n1', place: 'unknown', alloc: null, job: null, group: null, task: null, unit: null, container: null, cgroup: null, process: null, pid: null },
        verdict: { cause: 'unknown', anon: null, peak: null, limit: null, isAttributed: false, confidence: 'proved', consumers: [], missing: 'lines_lost' },
        change: { count: 7, total: 22 },
        links: { alloc: null, namespace: null, container: null, boot: '8c1e4f5a-6f0e-4a53-9d3b-2f6f1b0c7d11' },
      },
    },
  },
})
