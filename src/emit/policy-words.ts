import type { ActSpec } from '../contract/types.ts'

/** What each act and note does, to a person. */
export const DOES: { readonly [act in ActSpec['do']]: string } = {
  apply: 'The states of `{component}` are applied on that node; its gate is the check.',
  evaluate: 'Nomad is asked to evaluate the job once more.',
  deregister: 'The registration is removed from Consul, if it is still the one that was seen.',
  resync: 'The node’s Consul agent is made to write what it holds into the catalogue at once, instead of when it next compares.',
  unseal: 'Vault is unsealed by the declared custody, or one precise request is made.',
  propose: 'A new value for the {field} of the job is proposed, for a person to take over.',
  freeze: 'Healing is frozen for {for}: nothing acts on the stack.',
  hold: 'The specification is held: no policy acts on it until a person lets it go.',
  suspect: 'It is marked suspect for {for}; the mark is shown, and nothing is moved.',
  report: 'A report is written and told.',
  alarm: 'A person is alarmed.',
  watch: 'It is watched until it is well again, or until another policy takes it up.',
}

/** What each class of `layerBelow` waits for. */
export const LAYERS = {
  settled: 'Nomad and Consul have done what they do by themselves: no deployment runs, no replacement is on its way',
  exhausted: 'Nomad has no attempt left',
  failed: 'Nomad has given it up',
} as const

/** The acts that leave the master. */
export const ACTS: readonly ActSpec['do'][] = ['apply', 'evaluate', 'deregister', 'resync', 'unseal']

/** What stands above the policies on their page. */
export const INTRODUCTION = `What follows from a fact: what happens, what never happens, and how to stop it. This page says what the policies declare; whether any of it leaves the master depends on the mode, which is \`observe\` until somebody changes it.

- **An act** leaves the master. The healer writes a decision first; an orchestration claims it once, acts, and verifies with a fresh look. It happens in mode \`enforce\` only, and only within the budgets; in \`observe\` and \`warn\` the decision says what would have been done.
- **A note** stays on the master: a row, a line of the audit, a notification. It changes nothing outside and is allowed in every mode.

A fact where a leaf of the key is null is none of that policy. Facts with one key are one incident.`

/** How a person stops all of it. */
export const STOP_ALL = `- \`salt-run eos.freeze reason=…\` stops every act with one row, at once, also while the engine is down, \`salt-run eos.freeze <name> reason=…\` every act on one thing; \`salt-run eos.thaw\`, with that name, ends it.
- \`salt-run eos.suspend <name> for=2h reason=…\` leaves one job, component, node, policy or the stack alone for a time that must be said; \`salt-run eos.resume <name>\` ends it.
- Pillar \`eos:heal:mode\` is \`observe\`, \`warn\` or \`enforce\`. \`eos:heal:components\` and \`eos:heal:jobs\` say it for one component, or one job that Eos compiles, and count there instead of it, more careful or less. A policy has no mode of its own, nor has another job: suspend it.

What runs already may end. Notes go on: they change nothing outside.`
