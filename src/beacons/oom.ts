import { defineBeacon, type Default, type Integer } from '../schema/index.ts'

/** Kills for lack of memory on this minion: by the kernel in any memory cgroup or for the whole machine, and by systemd-oomd. */
export interface Oom {
  /** Seconds to wait for the kernel's lines of a kill that the counter has shown, before it is told as `unattributed`. */
  attributeWithin: Default<Integer, 10>
  /** Kills told singly within a minute; what exceeds it is counted into one `unattributed` event. */
  burst: Default<Integer, 120>
  /** Allocations, jobs, tasks, units, containers or cgroups, as names or with `*`, whose kills are counted and not told. */
  ignore: Default<string[], []>
  /** Units whose mark of systemd-oomd is read in each pass where its journal messages are not followed; a slice stands for itself and what is directly in it. */
  units: Default<string[], ['system.slice', 'user.slice', 'nomad.slice']>
  /** Whether systemd-oomd's kills are taken from the journal, on minions where systemd-oomd runs; otherwise from its marks on `units`. */
  followsJournal: Default<boolean, true>
  /** Docker's socket, asked for names and labels of containers; empty for never. It is only read from. */
  docker: Default<string, '/run/docker.sock'>
  /** Directories whose entries are the allocations of this node's own Nomad; they tell own from foreign where several nodes share one kernel. */
  allocations: Default<string[], ['/var/lib/nomad/alloc', '/opt/nomad/data/alloc', '/opt/nomad/alloc']>
  /** How many unacknowledged records are kept; beyond that the oldest stay and newer kills are only counted. */
  keep: Default<Integer, 1000>
}

export default defineBeacon<Oom>({
  raises: ['kernel/oom', 'kernel/oomd'],
  interval: '1s',
  module: 'eos_oom',
  bounds: { attributeWithin: [1, 300], burst: [1, 1000], keep: [100, 10_000] },
})
