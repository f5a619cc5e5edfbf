import { defineEvent, type Integer } from '../../schema/index.ts'

/** A file system on which components keep their data: whether there is room. */
export interface HostDisk {
  verb: 'filling' | 'freed'
  subject: {
    /** Minion that the file system is on. */
    minion: string
    /** Where it is mounted. */
    mount: string
    /** Components that keep data on it. */
    components: string[]
  }
  verdict: {
    /** `space` or `files`: less is left than the threshold. `rate`: at the present rate it is full within the threshold of time. `room`: none of these. */
    cause: 'space' | 'files' | 'rate' | 'room'
    /** Percent of its bytes that are left for those who are not root. */
    free: Integer
    /** Percent of its files that are left; null where the file system counts none. */
    files: Integer | null
    /** Seconds until it is full at the present rate; null when it does not fill, or the rate is not known yet. */
    left: Integer | null
  }
  change: {
    /** Bytes used, as digits. */
    used: string
    /** Bytes in all, as digits. */
    size: string
  }
  links: {
    /** Boot of the host. */
    boot: string
    /** Declared directories on it. */
    paths: string[]
  }
}
declare module '../../schema/index.ts' {
  interface Events {
    'host/disk': HostDisk
  }
}

export default defineEvent<HostDisk>({
  tag: 'eos/host/disk/{verb}/{subject.mount}',
  verbs: {
    filling: {
      severity: 'critical',
      raised: 'Of a file system with declared storage less than the threshold is left, or it is full within the threshold of time at the rate of the last hour.',
      says: '{subject.minion}: {subject.mount} of {subject.components} is filling ({verdict.cause}): {verdict.free} % of {change.size} bytes left, full in {verdict.left} s',
      advice: 'Run `du -xsh {subject.mount}/*` on {subject.minion}: logs and allocations first. What Eos itself keeps has limits of its own.',
      id: 'h:{subject.minion}:disk:{verb}:{mark}',
      settle: '10s',
      example: {
        subject: { minion: 'n1', mount: '/var/lib/docker', components: ['docker', 'nomad'] },
        verdict: { cause: 'space', free: 8, files: 92, left: 5400 },
        change: { used: '49392123904', size: '53687091200' },
        links: { boot: '8c1e4f5a-6f0e-4a53-9d3b-2f6f1b0c7d11', paths: ['/var/lib/docker'] },
      },
    },
    freed: {
      severity: 'notice',
      raised: 'A file system that was told as filling has room again, with some to spare.',
      says: '{subject.minion}: {subject.mount} of {subject.components} has room again: {verdict.free} % of {change.size} bytes left',
      id: 'h:{subject.minion}:disk:{verb}:{mark}',
      settle: '1m',
      example: {
        subject: { minion: 'n1', mount: '/var/lib/docker', components: ['docker', 'nomad'] },
        verdict: { cause: 'room', free: 41, files: 93, left: null },
        change: { used: '31675383808', size: '53687091200' },
        links: { boot: '8c1e4f5a-6f0e-4a53-9d3b-2f6f1b0c7d11', paths: ['/var/lib/docker'] },
      },
    },
  },
})
