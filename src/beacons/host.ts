import { defineBeacon, type Default, type Integer } from '../schema/index.ts'

/** What the compiled pillar says runs on this minion: the units of its components. */
export interface Host {
  /** Starts by systemd within a minute from which on a unit that does not stay up counts as failed. */
  restarts: Default<Integer, 5>
  /** Components, units, mount points, certificates or tokens, as names or with `*`, of which nothing is told. */
  ignore: Default<string[], []>
  /** How many unacknowledged records are kept; beyond that nothing new is told until there is room. */
  keep: Default<Integer, 1000>
}

export default defineBeacon<Host>({
  raises: ['host/unit'],
  interval: '1s',
  module: 'eos_host',
  bounds: { restarts: [2, 100], keep: [100, 10_000] },
})
