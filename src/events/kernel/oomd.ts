import { defineEvent, type Integer } from '../../schema/index.ts'

/** Systemd-oomd killed a whole unit before the kernel had to: its own decision, with no kernel counter behind it. */
export interface KernelOomd {
  verb: 'killed'
  subject: {
    /** Minion on which it happened. */
    minion: string
    /** Unit that was killed: the service or scope, else the slice. */
    unit: string
    /** Full id of the Nomad allocation, when the unit is a scope of Nomad. */
    alloc: string | null
    /** Task of that allocation. */
    task: string | null
    /** Cgroup of the unit; null when only the journal told it. */
    cgroup: string | null
  }
  verdict: {
    /** Always `oomd`: systemd-oomd decided it, not the kernel. */
    cause: 'oomd'
    /** `proved`: systemd-oomd's own mark on the cgroup or systemd's own message says so. */
    confidence: 'proved'
    /** `mark`: the extended attribute `user.oomd_kill` of the cgroup. `journal`: systemd's message about the unit. */
    evidence: 'mark' | 'journal'
  }
  change: {
    /** How many processes systemd-oomd counted as killed; null when the message does not say it. */
    count: Integer | null
  }
  links: {
    /** Full id of the Nomad allocation: the same as in the events of Nomad and Consul. */
    alloc: string | null
    /** Boot during which it happened. */
    boot: string
  }
}
declare module '../../schema/index.ts' {
  interface Events {
    'kernel/oomd': KernelOomd
  }
}

export default defineEvent<KernelOomd>({
  tag: 'eos/kernel/oomd/{verb}/{subject.unit}',
  verbs: {
    killed: {
      severity: 'critical',
      raised: 'Systemd-oomd marked the cgroup of a watched unit with more kills than before, or systemd told in the journal that systemd-oomd killed a unit.',
      says: '{subject.minion}: systemd-oomd killed {subject.unit} for memory pressure or lack of swap, processes killed: {change.count}',
      advice: '`journalctl -u systemd-oomd` says how high pressure or swap was; `systemctl status {subject.unit}` whether it runs again. Give it or its slice more memory, or `ManagedOOMPreference=avoid` where others should go first.',
      id: 'k:{subject.minion}:{links.boot}:{mark}',
      example: {
        subject: { minion: 'n1', unit: 'batch.service', alloc: null, task: null, cgroup: '/system.slice/batch.service' },
        verdict: { cause: 'oomd', confidence: 'proved', evidence: 'mark' },
        change: { count: 4 },
        links: { alloc: null, boot: '8c1e4f5a-6f0e-4a53-9d3b-2f6f1b0c7d11' },
      },
    },
  },
})
