import { defineResource, type Integer, type Key, type Span } from '../../schema/index.ts'

/** How Vault's own storage looks after its peers. There is one such configuration, as long as the storage is raft. */
export interface RaftAutopilot {
  /** Its name. */
  name: Key<'autopilot'>
  /** Whether peers that stay silent are removed. */
  cleanupDeadServers?: boolean
  /** Fewest peers below which none is removed; 3 at least where they are removed. */
  minQuorum?: Integer
  /** Silence after which a peer counts as gone; a minute at least. */
  deadServerLastContactThreshold?: Span<'text'>
  /** Silence after which a peer counts as unhealthy. */
  lastContactThreshold?: Span<'text'>
  /** How far the log of a healthy peer may be behind, in entries. */
  maxTrailingLogs?: Integer
  /** How long a new peer must have been healthy before it votes. */
  serverStabilizationTime?: Span<'text'>
}

export default defineResource<RaftAutopilot>({
  service: 'vault',
  wire: { case: 'snake' },
  find: { read: 'GET /v1/sys/storage/raft/autopilot/configuration' },
  create: 'POST /v1/sys/storage/raft/autopilot/configuration',
  update: 'POST /v1/sys/storage/raft/autopilot/configuration',
  delete: 'never',
  examples: {
    minimal: { name: 'autopilot', lastContactThreshold: '20s' },
    cleaning: {
      name: 'autopilot',
      cleanupDeadServers: true,
      minQuorum: 3,
      deadServerLastContactThreshold: '48h',
      lastContactThreshold: '15s',
      maxTrailingLogs: 500,
      serverStabilizationTime: '30s',
    },
  },
  samples: {
    minQuorum: [5],
    deadServerLastContactThreshold: ['36h', 100_000],
    lastContactThreshold: ['12s', 25],
    maxTrailingLogs: [700],
    serverStabilizationTime: ['40s', 45],
  },
  hooks: ['to_wire'],
})
