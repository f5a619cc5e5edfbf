import type { ComponentContract } from '../contract/types.ts'
import { chainOf, guardState, type Naming } from './component-chain.ts'
import { docstring } from './docstring.ts'
import { header } from './header.ts'
import { code, py, quote, type Python } from './python.ts'
import { requisite, stateEntry } from './salt-state.ts'

/** The SLS of a component: ids, functions and requisites as text, values from `eos:_compiled`. */
export function componentSls(component: ComponentContract): string {
  const body = component.spec.each === undefined ? once(component) : each(component)
  return slsFile(component.source, component.doc, body)
}

/** A `#!py` SLS around the body of its `run`; Salt itself puts a global `sls` there, so the helpers go by another name. */
export function slsFile(source: string, doc: string, body: string): string {
  const [first = ''] = doc.split('\n\n')
  return `#!py\n${header(source)}${docstring([first], 0)}\n\nfrom saltext.eos.utils import sls as eos\n\n\ndef run():\n${body}`
}

function once(component: ComponentContract): string {
  const { name } = component
  const naming: Naming = { id: (id) => `${name} ${id}`, gate: name }
  const guard = guardState(name)
  const states = [guard, ...chainOf(component, requisite(guard, naming.id), naming)]
  const entries = { pairs: states.map((state) => stateEntry(state, naming.id)) }
  return [
    `    ${docstring([`Return the states of ${name} on this node; only values come from eos:_compiled.`], 4)}`,
    `    here = eos.component(__pillar__, ${quote(name)})`,
    `    states = ${py(entries, 4, 13, 3)}`,
    '    return here.keep(states)\n',
  ].join('\n')
}

function each(component: ComponentContract): string {
  const { name } = component
  const outer = (id: string): Python => `${name} ${id}`
  const inner: Naming = { id: (id) => code(`f${quote(`${name} {here.name} ${id}`)}`), gate: code(`f${quote(`${name} {here.name}`)}`) }
  const guard = guardState(name)
  const states = chainOf(component, requisite(guard, outer), inner)
  return [
    `    ${docstring([`Return the states of every ${name} of this node; only values come from eos:_compiled.`], 4)}`,
    `    states = ${py({ pairs: [stateEntry(guard, outer)] }, 4, 13, 3)}`,
    `    for here in eos.each(__pillar__, ${quote(name)}):`,
    `        states |= ${py({ pairs: states.map((state) => stateEntry(state, inner.id)) }, 8, 18, 3)}`,
    '    return eos.keep(states)\n',
  ].join('\n')
}
