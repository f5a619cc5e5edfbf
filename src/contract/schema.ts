import { DURATION, SIZE } from './measures.ts'
import type { JsonObject, Schema } from './types.ts'

const text: Schema = { type: 'string', minLength: 1 }
const texts: Schema = { type: 'array', items: text }
const path: Schema = { type: 'string', pattern: '^/' }
const runner: Schema = { type: 'string', pattern: '^eos\\.[a-z_]+$' }
const when: Schema = { type: 'object', additionalProperties: { type: ['string', 'boolean'] } }
const tree: Schema = { type: 'object' }

/** An object with these keys and no others; a key ending in `?` may be left out. */
function closed(keys: { readonly [key: string]: Schema }): Schema {
  const entries = Object.entries(keys).map(([key, schema]) => [key.replace('?', ''), schema] as const)
  const required = Object.keys(keys).filter((key) => !key.endsWith('?'))
  return { type: 'object', properties: Object.fromEntries(entries), required, additionalProperties: false }
}

function list(items: Schema, least = 0): Schema {
  return { type: 'array', items, minItems: least }
}

function mapOf(values: Schema): Schema {
  return { type: 'object', additionalProperties: values }
}

const scalar: Schema = { type: ['string', 'number', 'boolean'] }
const expectation = { 'is?': { anyOf: [scalar, { type: 'array', items: scalar }] }, 'is_not?': scalar, 'at_least?': { type: 'number' } }
const probeHead = { why: text, 'when?': when }

const probe: Schema = {
  type: 'object',
  required: ['by'],
  properties: { by: { type: 'string' } },
  discriminator: { propertyName: 'by' },
  oneOf: [
    closed({ ...probeHead, by: { const: 'http' }, get: path, port: text, 'field?': text, 'status?': list({ type: 'integer' }, 1), 'auth?': closed({ header: text, secret: text }), ...expectation }),
    closed({ ...probeHead, by: { const: 'command' }, run: list({ type: 'string' }, 1), 'field?': text, ...expectation }),
    closed({ ...probeHead, by: { const: 'tcp' }, port: text }),
    closed({ ...probeHead, by: { const: 'hook' }, hook: text }),
  ],
}

const state: Schema = closed({ id: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9 ._:/-]*$' }, run: { type: 'string', pattern: '^[a-z0-9_]+\\.[a-z0-9_]+$' }, 'with?': tree, 'when?': when })

const file: Schema = closed({
  path,
  format: { enum: ['json', 'env', 'lines', 'unit'] },
  'mode?': { type: 'string', pattern: '^0[0-7]{3}$' },
  'owner?': { type: 'string', pattern: '^[a-z_][a-z0-9_-]*:[a-z_][a-z0-9_-]*$' },
  'when?': when,
  'reload?': { enum: ['reload', 'restart'] },
  data: tree,
})

const component: Schema = closed({
  on: { enum: ['host', 'nomad'] },
  class: { enum: ['core', 'data', 'platform', 'leaf', 'batch'] },
  needs: texts,
  'each?': { const: 'app' },
  'packages?': texts,
  'unit?': { type: 'string', pattern: '^[A-Za-z0-9@_.-]+\\.(service|socket|timer|mount|target|slice)$' },
  'user?': { type: 'string', pattern: '^[a-z_][a-z0-9_-]*$' },
  'identity?': closed({ sans: { type: 'array' } }),
  'ports?': mapOf({ enum: ['loopback', 'cluster', 'public'] }),
  memory: list(closed({ 'when?': when, floor: SIZE, want: SIZE, burst: SIZE }), 1),
  'storage?': mapOf({ enum: ['local', 'fast', 'bulk'] }),
  'runner?': runner,
  'prepare?': list(state),
  'files?': list(file),
  'converge?': list(state),
  gate: closed({ probes: list(probe, 1), within: DURATION, 'successes?': { type: 'integer', minimum: 1 }, 'apart?': DURATION }),
  'metrics?': closed({ port: text, path }),
  'backup?': { anyOf: [{ const: 'nothing-to-keep' }, closed({ hook: text, every: DURATION })] },
  'hooks?': list({ enum: ['before_apply', 'after_apply', 'derive'] }),
})

/** `Name`, `Capabilities.Drivers`, `Policies[].Name`. */
const WIRE = '^[A-Za-z_][A-Za-z0-9_-]*(\\.[A-Za-z_][A-Za-z0-9_-]*)*(\\[\\](\\.[A-Za-z_][A-Za-z0-9_-]*)+)?$'
const call: Schema = { type: 'string', pattern: '^(GET|PUT|POST|DELETE|LIST) /' }
const diff: Schema = { enum: ['exact', 'when-set', 'empty-is-default', 'bytes', 'duration', 'case', 'hcl', 'at-least', 'as-set', 'whole', 'write-only'] }

const resource: Schema = closed({
  service: { enum: ['nomad', 'consul', 'vault'] },
  wire: closed({ case: { enum: ['pascal', 'snake', 'camel'] }, 'envelope?': text, 'rename?': mapOf({ type: 'string', pattern: WIRE }), 'raw?': text, 'constant?': mapOf(scalar) }),
  find: closed({ 'list?': call, 'read?': call, 'match?': texts, 'whole?': { const: true } }),
  create: call,
  update: { anyOf: [{ const: 'never' }, call] },
  delete: { anyOf: [{ const: 'never' }, call] },
  'diff?': mapOf({ anyOf: [diff, closed({ by: text })] }),
  'since?': mapOf({ type: 'string', pattern: '^[0-9]+\\.[0-9]+(\\.[0-9]+)?$' }),
  'lost?': { const: 'answers-false' },
  'exclusive?': list({ type: 'array', items: text, minItems: 2 }, 1),
  'wait?': closed({ 'created?': closed({ field: text, is: text, 'fails?': texts, within: DURATION }) }),
  'after?': list(text, 1),
  'given?': list(closed({ run: { type: 'string', pattern: '^[a-z0-9_]+\\.present$' }, with: tree }), 1),
  examples: { type: 'object', minProperties: 1, additionalProperties: tree },
  'samples?': mapOf({ type: 'array', minItems: 1 }),
  'hooks?': list({ enum: ['kept', 'to_wire', 'from_wire', 'before_create', 'after_create', 'before_update', 'before_delete'] }),
})

const stepTail = { 'needs?': texts, undo: text }
const plan: Schema = closed({
  says: text,
  steps: {
    type: 'object',
    minProperties: 1,
    additionalProperties: {
      type: 'object',
      required: ['do'],
      properties: { do: { type: 'string' } },
      discriminator: { propertyName: 'do' },
      oneOf: [
        closed({ do: { const: 'run' }, runner, ...stepTail }),
        closed({ do: { const: 'each' }, state: { const: 'applied' }, order: { const: 'needs' }, ...stepTail }),
      ],
    },
  },
  on_red: { enum: ['stop-descendants', 'stop-all'] },
})

const event: Schema = closed({
  tag: { type: 'string', pattern: '^eos/[a-z_]+/' },
  verbs: {
    type: 'object',
    minProperties: 1,
    additionalProperties: closed({ severity: { enum: ['info', 'notice', 'warning', 'critical'] }, raised: text, says: text, 'advice?': text, id: text, 'settle?': DURATION, example: tree }),
  },
})

const beacon: Schema = closed({
  raises: list(text, 1),
  interval: DURATION,
  module: { type: 'string', pattern: '^eos_[a-z_]+$' },
  'bounds?': mapOf({ type: 'array', items: { type: 'integer' }, minItems: 2, maxItems: 2 }),
})

const act: Schema = {
  type: 'object',
  required: ['do'],
  properties: { do: { type: 'string' } },
  discriminator: { propertyName: 'do' },
  oneOf: [
    closed({ do: { const: 'apply' }, component: { anyOf: [text, closed({ leaf: text })] } }),
    closed({ do: { const: 'propose' }, field: { enum: ['memory', 'count'] } }),
    ...['freeze', 'suspect'].map((name) => closed({ do: { const: name }, for: DURATION })),
    ...['evaluate', 'deregister', 'resync', 'unseal', 'hold', 'report', 'alarm', 'watch'].map((name) => closed({ do: { const: name } })),
  ],
}

const policy: Schema = closed({
  on: list(text, 1),
  'match?': { type: 'object' },
  require: closed({
    'attributed?': { const: true },
    'repeated?': closed({ times: { type: 'integer', minimum: 2 }, within: DURATION, 'distinct?': text }),
    'class?': list({ enum: ['core', 'data', 'platform', 'leaf', 'batch'] }, 1),
    'layer_below?': { enum: ['settled', 'exhausted', 'failed'] },
    'hook?': { type: 'string', pattern: '^[a-z][a-z_]*$' },
  }),
  key: list(text),
  act,
  'limits?': closed({ 'attempts?': { type: 'integer', minimum: 1 }, 'cool_down?': DURATION }),
  says: text,
  otherwise: text,
  never: list(text, 1),
})

/** The JSON Schema of `spec`, by kind. */
export const SPEC_SCHEMAS: { readonly [kind: string]: JsonObject } = { beacon, component, event, plan, policy, resource }
