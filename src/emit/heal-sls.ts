import { SCHEMA_VERSION } from '../contract/canonical.ts'
import type { ActSpec } from '../contract/types.ts'
import { docstring } from './docstring.ts'
import { header } from './header.ts'
import { code, dict, fromJson, py, type Python } from './python.ts'
import { argument, stateEntry, type SaltState } from './salt-state.ts'
import { slsFile } from './sls.ts'

const SOURCE = 'src/policies'

/** The reactor of every decision: it hands on nothing but the id, to an orchestration that stands in its own map. */
export function reactorSls(acts: readonly ActSpec['do'][]): string {
  const orchestrations = Object.fromEntries(acts.map((act) => [`eos/heal/decided/${act}`, `eos.heal.${act}`]))
  return `#!py
${header(SOURCE)}"""Starts the orchestration of a decided act; what it acts on stands in the decision alone."""

from saltext.eos.utils import heal_sieve

ORCHESTRATIONS = ${py(fromJson(orchestrations), 0, 17, 1)}


def run():
    ${docstring(['Return the orchestration of a decision; nothing for what cannot be claimed now.'], 4)}
    known = globals()
    orchestration = ORCHESTRATIONS.get(known["tag"])
    if orchestration is None:
        return {}
    decision = heal_sieve.passed(known["__opts__"], known["tag"], known["data"])
    if decision is None:
        return {}
    arguments = [{"mods": orchestration}, {"pillar": {"eos_decision": decision}}]
    return {"eos decided": {"runner.state.orchestrate": [{"args": arguments}]}}
`
}

/** The orchestration of an act: the decision is claimed before anything else, then acted on and verified. */
export function healSls(act: ActSpec['do']): string {
  const states = [guard(), ...steps(act)]
  return slsFile(SOURCE, `Acts on one decision to ${act}; it fails before the act unless the decision is claimed.`, [
    `    ${docstring(['Return claim, act and verify; what is acted on stands in the row of the decision.'], 4)}`,
    '    decision = __pillar__.get("eos_decision")',
    '    stack = eos.stack(__pillar__)',
    `    steps = ${py({ pairs: states.map((state) => stateEntry(state, (id) => id)) }, 4, 12, 3)}`,
    '    return stack.keep(steps)\n',
  ].join('\n'))
}

function guard(): SaltState {
  return { id: 'guard', run: 'eos_guard.compiled', arguments: [argument('schema', SCHEMA_VERSION), argument('stack', true)] }
}

/** The stack lock is held while the act runs, and given back whatever became of it; what is claimed and fails is given up. */
function steps(act: ActSpec['do']): SaltState[] {
  const told: Python = dict({ decision: code('decision'), action: act })
  const call = (verb: string): SaltState['arguments'] => [argument('name', `eos.${verb}`), argument('kwargs', told), argument('told', true)]
  const run = (id: string, need: Python): SaltState => ({ id, run: 'eos_run.done', arguments: call(id), requisites: { require: [need] } })
  const after = [dict({ eos_lock: 'lock' }), dict({ eos_run: 'act' }), dict({ eos_run: 'verify' })]
  const named = [argument('name', `heal ${act}`)]
  return [
    run('claim', dict({ eos_guard: 'guard' })),
    { id: 'lock', run: 'eos_lock.held', arguments: named, requisites: { require: [dict({ eos_run: 'claim' })] } },
    run('act', dict({ eos_lock: 'lock' })),
    run('verify', dict({ eos_run: 'act' })),
    { id: 'given up', run: 'eos_run.done', arguments: call('abandon'), requisites: { require: [dict({ eos_run: 'claim' })], onfail_any: after } },
    { id: 'lock released', run: 'eos_lock.released', arguments: [...named, argument('order', 'last')], requisites: { require_any: after } },
  ]
}
