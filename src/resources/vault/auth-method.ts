import { defineResource, type Default, type Immutable, type Key, type ReadOnly, type Slashed, type Span } from '../../schema/index.ts'

/** An auth method of Vault and its tuning. Removing one ends every login that came through it. */
export interface AuthMethod {
  /** Path where one logs in, such as `jwt` or `jwt/nomad`. */
  name: Key<Slashed>
  /** What method it is, such as `jwt`, `approle` or `userpass`. */
  type: Immutable<string>
  /** What it is for. */
  description: Default<string, ''>
  /** How long a token lives that asks for nothing else. */
  defaultLeaseTtl?: Span<'s'>
  /** Longest life of a token. */
  maxLeaseTtl?: Span<'s'>
  /** Whether people without a token are told of it. */
  listingVisibility?: 'hidden' | 'unauth'
  /** What kind of token a login gives. */
  tokenType?: 'default-service' | 'default-batch' | 'service' | 'batch'
  /** Parts of requests that the audit log shows in clear. */
  auditNonHmacRequestKeys?: string[]
  /** Parts of answers that the audit log shows in clear. */
  auditNonHmacResponseKeys?: string[]
  /** Headers of requests that the method is shown. */
  passthroughRequestHeaders?: string[]
  /** Headers that the method may put into answers. */
  allowedResponseHeaders?: string[]
  /** Kept in this cluster alone. */
  local: Default<Immutable<boolean>, false>
  /** Sealed once more by the seal itself. */
  sealWrap: Default<Immutable<boolean>, false>
  /** What policies with templates call it. */
  accessor: ReadOnly<string>
}

export default defineResource<AuthMethod>({
  service: 'vault',
  wire: {
    case: 'snake',
    rename: {
      name: 'path',
      defaultLeaseTtl: 'config.default_lease_ttl',
      maxLeaseTtl: 'config.max_lease_ttl',
      listingVisibility: 'config.listing_visibility',
      tokenType: 'config.token_type',
      auditNonHmacRequestKeys: 'config.audit_non_hmac_request_keys',
      auditNonHmacResponseKeys: 'config.audit_non_hmac_response_keys',
      passthroughRequestHeaders: 'config.passthrough_request_headers',
      allowedResponseHeaders: 'config.allowed_response_headers',
    },
  },
  find: { list: 'GET /v1/sys/auth', match: ['name'] },
  create: 'POST /v1/sys/auth/{name}',
  update: 'POST /v1/sys/auth/{name}/tune',
  delete: 'DELETE /v1/sys/auth/{name}',
  diff: {
    auditNonHmacRequestKeys: 'as-set',
    auditNonHmacResponseKeys: 'as-set',
    passthroughRequestHeaders: 'as-set',
    allowedResponseHeaders: 'as-set',
  },
  examples: {
    minimal: { name: 'approle', type: 'approle' },
    jobs: {
      name: 'jwt/nomad',
      type: 'jwt',
      description: 'Jobs of Nomad',
      defaultLeaseTtl: '1h',
      maxLeaseTtl: '24h',
      listingVisibility: 'unauth',
      tokenType: 'service',
      auditNonHmacRequestKeys: ['role', 'version'],
      auditNonHmacResponseKeys: ['keys', 'version'],
      passthroughRequestHeaders: ['X-Team', 'X-Trace'],
      allowedResponseHeaders: ['X-Cost', 'X-Trace'],
    },
  },
  samples: { defaultLeaseTtl: ['90m', 1800], maxLeaseTtl: ['48h', 90_000] },
  hooks: ['to_wire'],
})
