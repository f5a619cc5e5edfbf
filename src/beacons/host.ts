import { defineBeacon, type Default, type Integer } from '../schema/index.ts'

/** What the compiled pillar says runs on this minion: units, storage, certificates and tokens of its components, and the seal of its Vault. */
export interface Host {
  /** Starts by systemd within a minute from which on a unit that does not stay up counts as failed. */
  restarts: Default<Integer, 5>
  /** Percent of a file system, in bytes or in files, below which it counts as filling. */
  free: Default<Integer, 10>
  /** Hours until a file system is full, at the rate of the last hour, below which it counts as filling. */
  hours: Default<Integer, 24>
  /** Percent of the lifetime of a certificate or token below which it counts as expiring. */
  lifetime: Default<Integer, 30>
  /** Components, units, mount points or files, as names or with `*`, of which nothing is told. */
  ignore: Default<string[], []>
  /** How many unacknowledged records are kept; beyond that nothing new is told until there is room. */
  keep: Default<Integer, 1000>
}

export default defineBeacon<Host>({
  raises: ['host/unit', 'host/disk', 'host/certificate', 'host/token', 'vault/seal'],
  interval: '1s',
  module: 'eos_host',
  bounds: { restarts: [2, 100], free: [1, 90], hours: [1, 8760], lifetime: [1, 90], keep: [100, 10_000] },
})
