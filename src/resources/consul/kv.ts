import { defineResource, type Base64, type Default, type Integer, type Key, type Slashed } from '../../schema/index.ts'

/** One key of Consul's key-value store. Whoever may read the key reads its value: a secret belongs into Vault. */
export interface Kv {
  /** The key, with `/` between its parts. */
  name: Key<Slashed>
  /** Text of the value. */
  value: Default<Base64, ''>
  /** A number that applications may give a meaning. */
  flags: Default<Integer, 0>
}

export default defineResource<Kv>({
  service: 'consul',
  wire: { case: 'pascal', rename: { name: 'Key' }, raw: 'value' },
  // The list has the keys alone: what others keep there is none of a return's business.
  find: { list: 'GET /v1/kv/?keys=true', read: 'GET /v1/kv/{name}', match: ['name'] },
  create: 'PUT /v1/kv/{name}?cas=0&flags={flags}',
  update: 'PUT /v1/kv/{name}?cas={ModifyIndex}&flags={flags}',
  delete: 'DELETE /v1/kv/{name}?cas={ModifyIndex}',
  lost: 'answers-false',
  examples: {
    minimal: { name: 'app/web/motd' },
    flagged: { name: 'app/web/limit', value: 'Fifty — «per second», 100 % of them', flags: 42 },
  },
})
