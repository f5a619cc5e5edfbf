import type { ActSpec, PolicyContract } from '../contract/types.ts'
import { ACTS } from './policy-words.ts'

/** What a person may speak of, by the leaf of the key that holds its name. */
const NAMED: { readonly [leaf: string]: string } = { 'subject.job': 'job', 'subject.service': 'service', 'subject.node': 'node', 'subject.minion': 'node' }
/** Acts that need no component named are done to one all the same. */
const DONE_TO: { readonly [act in ActSpec['do']]?: string } = { unseal: 'vault', deregister: 'consul', resync: 'consul' }
const SPAN = 'for=2h reason=…'

/** How a person stops, or takes back, what a policy does: what, with what, and what ends that. */
export function stopsOf(policy: PolicyContract): string[][] {
  return ACTS.includes(policy.spec.act.do) ? stopsOfAct(policy) : stopsOfNote(policy)
}

function stopsOfAct({ name, spec }: PolicyContract): string[][] {
  const names = [`policy:${name}`, ...namesOf(spec)]
  const modes = ['`eos:heal:mode`', ...names.flatMap((one) => (/^(component|job):/.test(one) ? [`\`eos:heal:${one.startsWith('job') ? 'jobs' : 'components'}:${one.slice(one.indexOf(':') + 1)}\``] : []))]
  return [
    ['everything', '`salt-run eos.freeze reason=…`', '`salt-run eos.thaw`; with `for=4h` it ends by itself'],
    ...names.map((one) => [one.startsWith('policy:') ? 'this policy' : `what is about one ${one.slice(0, one.indexOf(':'))}`, `\`salt-run eos.suspend ${one} ${SPAN}\``, `\`salt-run eos.resume ${one}\`, or by itself`]),
    ['its acting, for good', `pillar ${modes.join(' or ')}: \`observe\``, '`enforce` there'],
  ]
}

function stopsOfNote({ spec }: PolicyContract): string[][] {
  const [thing = 'stack'] = namesOf(spec)
  const ends = `by itself after ${spec.act.for ?? ''}`
  const undone: { readonly [act in ActSpec['do']]?: string[] } = {
    freeze: ['the freeze', '`salt-run eos.thaw`', ends],
    hold: ['the hold', `\`salt-run eos.release ${thing}\``, 'nothing else'],
    suspect: ['the mark', `\`salt-run eos.release ${thing}\``, ends],
  }
  return [undone[spec.act.do] ?? ['nothing: it changes nothing', '', '']]
}

/** The names that its incidents go by, from the narrowest on; a name that only a fact says stands in angle brackets. */
function namesOf({ key, act }: PolicyContract['spec']): string[] {
  const component = act.component ?? DONE_TO[act.do]
  const named = component === undefined ? [] : [`component:${typeof component === 'object' ? `<${fieldOf(component.leaf)}>` : component}`]
  // A registration's job is not in its key: Nomad says whose it is.
  const owners = ACTS.includes(act.do) && key.includes('subject.instance') && !key.includes('subject.job') ? ['job:<job>'] : []
  const things = key.flatMap((leaf) => (NAMED[leaf] === undefined ? [] : [`${NAMED[leaf]}:<${fieldOf(leaf)}>`]))
  return [...owners, ...things.filter((one) => !one.startsWith('node:')), ...named, ...things.filter((one) => one.startsWith('node:'))]
}

function fieldOf(leaf: string): string {
  return leaf.slice(leaf.indexOf('.') + 1)
}
