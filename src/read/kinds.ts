import { byField, call, componentName, example, fieldName, when } from './field-rules.ts'
import { data, keyed, list, plain, record, verbatim, type Rule } from './rules.ts'
import { eventName, payloadExample, payloadText } from './event-rules.ts'
import { byLeaf, leafName, policyText, target } from './policy-rules.ts'
import { bySpot, comparison, values } from './spot-rules.ts'
import type { Kind } from './declaration.ts'

const probe = record({ when, port: fieldName('port'), auth: record({ secret: fieldName('secret') }), field: verbatim })
const state = record({ when, with: keyed(data) })

const component = record({
  needs: list(componentName),
  ports: byField('port', plain),
  memory: list(record({ when })),
  storage: keyed(plain),
  identity: record({ sans: list(data) }),
  files: list(record({ when, data: keyed(data) })),
  prepare: list(state),
  converge: list(state),
  gate: record({ probes: list(probe) }),
  metrics: record({ port: fieldName('port') }),
})

const resource = record({
  wire: record({ rename: bySpot(() => plain), raw: fieldName('any'), constant: keyed(verbatim) }),
  find: record({ list: call, read: call, match: list(fieldName('any')) }),
  create: call,
  update: call,
  delete: call,
  diff: bySpot(comparison),
  since: bySpot(() => plain),
  exclusive: list(list(fieldName('any'))),
  given: list(record({ with: keyed(verbatim) })),
  samples: bySpot(values),
  wait: record({ created: record({ field: fieldName('any') }) }),
  examples: keyed(example),
})

const plan = record({ steps: keyed(plain) })

const event = record({ tag: payloadText(['verb']), verbs: keyed(record({ id: payloadText(['verb', 'mark']), says: payloadText([]), advice: payloadText([]), example: payloadExample })) })

const beacon = record({ raises: list(eventName), bounds: byField('any', plain) })

const policy = record({
  on: list(eventName),
  match: byLeaf(plain),
  require: record({ repeated: record({ distinct: leafName }), hook: verbatim }),
  key: list(leafName),
  act: record({ component: target }),
  says: policyText(['count', 'limit', 'proposed']),
  otherwise: policyText(['count']),
})

/** How the literal of each kind becomes the `spec` of its contract. */
export const KIND_RULES: { readonly [K in Kind]: Rule } = { beacon, component, event, plan, policy, resource }
