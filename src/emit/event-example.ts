import { isJsonObject } from '../contract/json.ts'
import type { EventContract, Json, JsonObject, VerbSpec } from '../contract/types.ts'
import { renderTag } from '../sidecar/envelope/tag.ts'
import { fill, leafText, patternOf } from '../sidecar/envelope/text.ts'

/** An event as it stands in the inbox, for the documentation. */
export interface Example {
  readonly id: string
  readonly tag: string
  /** The whole envelope, one key a line. */
  readonly envelope: string
}

interface Origin {
  readonly origin: string
  readonly epoch: string
  readonly source: JsonObject
  readonly clock: string
}

/** What stands for {mark} in an example. */
const MARK = '820'
const SIDECAR = 'n1-5f0a93c2'
const ORIGINS: { readonly [kind: string]: Origin } = {
  nomad: { origin: 'stream', epoch: SIDECAR, source: { kind: 'nomad', name: 'nomad:global', epoch: 'global#1', index: 820, server: '10.0.0.11:4646' }, clock: 'client' },
  consul: { origin: 'stream', epoch: SIDECAR, source: { kind: 'consul', name: 'consul:dc1', epoch: 'dc1#1', index: 820, server: '10.0.0.11:8501' }, clock: 'sidecar' },
  kernel: { origin: 'beacon', epoch: 'bridge-3c9d1e70', source: { kind: 'kernel', name: 'kernel:n1', epoch: '8c1e4f5a-6f0e-4a53-9d3b-2f6f1b0c7d11', index: 7 }, clock: 'client' },
}
const OWN: Origin = { origin: 'self', epoch: SIDECAR, source: { kind: 'bridge', name: 'bridge', epoch: SIDECAR, index: 0 }, clock: 'sidecar' }

/** The example of one verb as the envelope that a consumer gets. */
export function exampleOf({ event, spec }: EventContract, verb: string, { id: pattern, severity, example }: VerbSpec): Example {
  const { origin, epoch, source, clock } = ORIGINS[event.split('/')[0] ?? ''] ?? OWN
  const { subject = {}, verdict = {}, change = {}, links = {} } = example
  const tag = renderTag(patternOf(spec.tag), verb, isJsonObject(subject) ? subject : {})
  const id = fill(patternOf(pattern), (reference) => (reference === 'mark' ? MARK : leafText({ ...example, verb }, reference)))
  const time = { occurred: '2026-11-20T09:10:11.123456789Z', observed: '2026-11-20T09:10:11.402Z', clock }
  const head = { schema: 1, id, seq: 10423, epoch, event, verb, tag, severity, origin, replay: false, source, time }
  return { id, tag, envelope: byKey({ ...head, subject, verdict, change, links, related: [], coalesced: 0, settled: true, evidence: [`${event.split('/')[0]}:${MARK}`] }) }
}

function byKey(envelope: JsonObject): string {
  return `{\n${Object.entries(envelope).map(([key, value]) => `  ${JSON.stringify(key)}: ${spaced(value)}`).join(',\n')}\n}`
}

/** JSON on one line with room between its parts. */
function spaced(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(', ')}]`
  if (!isJsonObject(value)) return JSON.stringify(value)
  const pairs = Object.entries(value).map(([key, inner]) => `${JSON.stringify(key)}: ${spaced(inner)}`)
  return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`
}
