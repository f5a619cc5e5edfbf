import { defineResource, type Default, type Immutable, type Key, type Matching, type ReadOnly, type Slashed, type Span } from '../../schema/index.ts'

/** A secrets engine of Vault and its tuning. Removing one destroys every secret in it. */
export interface Mount {
  /** Path where it is reached, such as `kv` or `team/kv`. */
  name: Key<Slashed>
  /** What engine it is, such as `kv`, `pki` or `transit`. */
  type: Immutable<Matching<'^(?!kv-v[0-9])[a-z0-9][a-z0-9_.-]{0,127}$', 'name of an engine; write kv with options {version: "2"} for kv-v2'>>
  /** What it is for. */
  description: Default<string, ''>
  /** Options of the engine, such as `version` of `kv`. */
  options?: Immutable<Record<string, string>>
  /** How long a lease lives that asks for nothing else. */
  defaultLeaseTtl?: Span<'s'>
  /** Longest life of a lease. */
  maxLeaseTtl?: Span<'s'>
  /** Whether people without a token are told of it. */
  listingVisibility?: 'hidden' | 'unauth'
  /** Parts of requests that the audit log shows in clear. */
  auditNonHmacRequestKeys?: string[]
  /** Parts of answers that the audit log shows in clear. */
  auditNonHmacResponseKeys?: string[]
  /** Headers of requests that the engine is shown. */
  passthroughRequestHeaders?: string[]
  /** Headers that the engine may put into answers. */
  allowedResponseHeaders?: string[]
  /** Kept in this cluster alone. */
  local: Default<Immutable<boolean>, false>
  /** Sealed once more by the seal itself. */
  sealWrap: Default<Immutable<boolean>, false>
  /** What policies with templates call it. */
  accessor: ReadOnly<string>
}

export default defineResource<Mount>({
  service: 'vault',
  wire: {
    case: 'snake',
    rename: {
      name: 'path',
      defaultLeaseTtl: 'config.default_lease_ttl',
      maxLeaseTtl: 'config.max_lease_ttl',
      listingVisibility: 'config.listing_visibility',
      auditNonHmacRequestKeys: 'config.audit_non_hmac_request_keys',
      auditNonHmacResponseKeys: 'config.audit_non_hmac_response_keys',
      passthroughRequestHeaders: 'config.passthrough_request_headers',
      allowedResponseHeaders: 'config.allowed_response_headers',
    },
  },
  // No read of one mount: Vault answers it with the mount above, where there is one.
  find: { list: 'GET /v1/sys/mounts', match: ['name'] },
  create: 'POST /v1/sys/mounts/{name}',
  update: 'POST /v1/sys/mounts/{name}/tune',
  delete: 'DELETE /v1/sys/mounts/{name}',
  diff: {
    auditNonHmacRequestKeys: 'as-set',
    auditNonHmacResponseKeys: 'as-set',
    passthroughRequestHeaders: 'as-set',
    allowedResponseHeaders: 'as-set',
  },
  examples: {
    minimal: { name: 'transit', type: 'transit' },
    kv: {
      name: 'team/kv',
      type: 'kv',
      description: 'Secrets of the team',
      options: { version: '2' },
      defaultLeaseTtl: '1h',
      maxLeaseTtl: '24h',
      listingVisibility: 'unauth',
      auditNonHmacRequestKeys: ['role', 'version'],
      auditNonHmacResponseKeys: ['keys', 'version'],
      passthroughRequestHeaders: ['X-Team', 'X-Trace'],
      allowedResponseHeaders: ['X-Cost', 'X-Trace'],
    },
  },
  samples: { options: [{ version: '1' }, { version: '2' }], defaultLeaseTtl: ['90m', 1800], maxLeaseTtl: ['48h', 90_000] },
  hooks: ['to_wire', 'after_create'],
})
