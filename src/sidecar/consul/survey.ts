import { createHash } from '../crypto.ts'
import type { Json } from '../fact.ts'
import type { Answer } from './answer.ts'
import { ANONYMOUS, distrust, type Identity, type Indexes } from './guard.ts'
import { Hindered, type Reader } from './reader.ts'
import { instanceKey, type Known, type View } from './record.ts'
import { checkedNames, textsOf, viewOf } from './view.ts'

/** More names than this are read node by node where there are fewer nodes. */
const FEW = 20

/** The whole catalogue as one agent tells it. */
export interface Survey {
  readonly address: string
  readonly checks: Answer
  readonly names: Answer
  readonly nodes: Answer
  readonly bare: readonly Json[]
}

/**
 * Reads the whole catalogue, in an order that tells removals apart: an instance that is missing in the checks and whose node is there
 * in the later list of nodes was removed without its node.
 */
export async function survey(reader: Reader, address: string, known: Known, isWhole: boolean): Promise<Survey> {
  const ask = async (path: string, reduce: Parameters<Reader['ask']>[0]['reduce']): Promise<Answer> => trusted(await reader.ask({ path, reduce, address, isConsistent: true }))
  const first = await ask('/v1/health/state/any', 'consulChecks')
  const names = await ask('/v1/catalog/services', 'consulNames')
  const bare = await readBare(wantedNames(first.value, names.value, known), isWhole ? Infinity : known.member.size, ask)
  // Registered between the two questions, it would look as if it had lost its checks.
  const checks = isWhole || losesChecks(bare, known) ? await ask('/v1/health/state/any', 'consulChecks') : first
  const nodes = await ask('/v1/catalog/nodes', 'consulNodes')
  return { address, checks, names, nodes, bare }
}

function losesChecks(bare: readonly Json[], known: Known): boolean {
  const shown = viewOf({ checks: null, nodes: null, bare }).instances
  return [...shown.keys()].some((key) => (known.instance.get(key)?.health ?? 'unchecked') !== 'unchecked')
}

/**
 * Reads the instances of services without checks: by name, or by node where that takes fewer questions. By node it finds also those that
 * share their name with an instance that has checks; `nodes` is infinite where that is wanted. The nodes are those of this moment: by the
 * remembered ones alone, what a new node brought along would look as if it had never come, or were gone again.
 */
export async function readBare(names: readonly string[], nodes: number, ask: (path: string, reduce: 'consulInstances' | 'consulNodeServices' | 'consulNodes') => Promise<Answer>): Promise<readonly Json[]> {
  const found: Json[] = []
  if (nodes === Infinity || (names.length > FEW && nodes > 0 && nodes < names.length)) {
    const { members } = viewOf({ checks: null, nodes: (await ask('/v1/catalog/nodes', 'consulNodes')).value, bare: [] })
    for (const node of new Set([...members.values()].map((member) => member.node))) found.push((await ask(`/v1/catalog/node-services/${encodeURIComponent(node)}`, 'consulNodeServices')).value)
    return found
  }
  for (const name of names) found.push((await ask(`/v1/catalog/service/${encodeURIComponent(name)}`, 'consulInstances')).value)
  return found
}

/** Names whose instances the checks do not show: those without any check, and those of remembered instances that have none now. */
export function wantedNames(checks: Json, names: Json, known: Known): string[] {
  const checked = checkedNames(checks)
  const all = new Set(textsOf(names))
  const wanted = new Set([...all].filter((name) => !checked.has(name)))
  const shown = viewOf({ checks, nodes: null, bare: [] }).instances
  for (const one of known.instance.values()) if (all.has(one.name) && !shown.has(instanceKey(one))) wanted.add(one.name)
  return [...wanted].toSorted()
}

/** Asks who the token is; whoever reads as nobody sees nothing and is not told so. */
export async function identify(reader: Reader, address: string): Promise<Identity> {
  const digest = createHash('sha256').update(reader.token()).digest('hex').slice(0, 16)
  const accessor = await selfOf(reader, address)
  if (accessor === '' || accessor === ANONYMOUS) throw new Hindered('auth', `the token is the anonymous one to ${address}; expected a token of its own; write one into the token file`)
  return { accessor, digest }
}

async function selfOf(reader: Reader, address: string): Promise<string> {
  try {
    const { value } = await reader.ask({ path: '/v1/acl/token/self', reduce: 'consulSelf', address })
    return typeof value === 'string' ? value : ''
  } catch (thrown) {
    if (thrown instanceof Hindered && thrown.status === 401 && thrown.message.includes('ACL support disabled')) return 'acl-disabled'
    // A token that is gone is 403, 404 or, from older servers, 500.
    if (thrown instanceof Hindered && (thrown.status === 404 || thrown.message.includes('ACL not found'))) throw new Hindered('auth', thrown.message, thrown.status)
    throw thrown
  }
}

/** The answer, unless something speaks against believing it. */
export function trusted(answer: Answer): Answer {
  const reason = distrust(answer)
  if (reason !== null) throw new Hindered(reason.cause, reason.detail)
  return answer
}

/** What a survey shows. */
export function surveyView({ checks, nodes, bare }: Survey): View {
  return viewOf({ checks: checks.value, nodes: nodes.value, bare })
}

/** The indexes that a survey was read at. */
export function surveyIndexes({ checks, names, nodes }: Survey): Indexes {
  return { checks: checks.index, names: names.index, nodes: nodes.index }
}

/** What at least one of two views shows, as the later one has it: missing is only what both lack. */
export function united(first: View, second: View): View {
  return { instances: new Map([...first.instances, ...second.instances]), members: new Map([...first.members, ...second.members]) }
}
