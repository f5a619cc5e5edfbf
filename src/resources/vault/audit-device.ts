import { defineResource, type Default, type Immutable, type Key, type Slashed } from '../../schema/index.ts'

/** An audit device of Vault: where every request and answer is written down. Vault serves nobody when none of them can write. */
export interface AuditDevice {
  /** Its path. */
  name: Key<Slashed>
  /** Where it writes to. */
  type: Immutable<'file' | 'syslog' | 'socket'>
  /** What it is for. */
  description: Default<Immutable<string>, ''>
  /** Options of the device, such as `file_path` and `mode` of `file`. */
  options: Immutable<Record<string, string>>
  /** Kept in this cluster alone. */
  local: Default<Immutable<boolean>, false>
}

export default defineResource<AuditDevice>({
  service: 'vault',
  wire: { case: 'snake', rename: { name: 'path' } },
  find: { list: 'GET /v1/sys/audit', match: ['name'] },
  create: 'PUT /v1/sys/audit/{name}',
  update: 'never',
  delete: 'DELETE /v1/sys/audit/{name}',
  examples: {
    minimal: { name: 'journal', type: 'file', options: { file_path: 'stdout' } },
    discarded: {
      name: 'audit/discarded',
      type: 'file',
      description: 'For a measurement',
      options: { file_path: '/dev/null', log_raw: 'false', hmac_accessor: 'true' },
      local: true,
    },
  },
  samples: { type: ['file'], options: [{ file_path: '/dev/null' }, { file_path: 'discard', log_raw: 'false' }] },
})
