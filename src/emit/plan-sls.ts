import { SCHEMA_VERSION } from '../contract/canonical.ts'
import type { ComponentContract, Contracts, PlanContract, StepSpec } from '../contract/types.ts'
import { docstring } from './docstring.ts'
import { code, dict, py, quote, type Python } from './python.ts'
import { argument, spread, stateEntry, type SaltState } from './salt-state.ts'
import { slsFile } from './sls.ts'

/** How many state runs may wait on one minion. */
const QUEUE = 8

/** The orchestration of a plan: one step per run, one per component and node. */
export function planSls(plan: PlanContract, contracts: Contracts): string {
  const steps = Object.entries(plan.spec.steps)
  const head = [guard(), lock(plan)]
  const isRun = ([, step]: readonly [string, StepSpec]): boolean => step.do === 'run'
  const leading = steps.findIndex((step) => !isRun(step))
  const early = leading < 0 ? steps : steps.slice(0, leading)
  const late = steps.slice(early.length)
  const first = [...head, ...early.map(([name, step]) => runStep(name, step, plan, contracts))]
  return slsFile(plan.source, plan.doc, [
    `    ${docstring([`Return the steps of ${plan.name}; only names of nodes and applications come from eos:_compiled.`], 4)}`,
    '    stack = eos.stack(__pillar__)',
    `    steps = ${py({ pairs: first.map((state) => stateEntry(state, plain)) }, 4, 12, 3)}`,
    ...late.flatMap(([name, step]) => (step.do === 'run' ? [assign(runStep(name, step, plan, contracts), 4)] : eachStep(step, plan, contracts))),
    ...tail(plan, contracts).map((state) => assign(state, 4)),
    '    return stack.keep(steps)\n',
  ].join('\n'))
}

function plain(id: string): Python {
  return id
}

function guard(): SaltState {
  return { id: 'guard', run: 'eos_guard.compiled', arguments: [argument('schema', SCHEMA_VERSION), argument('stack', true)] }
}

function lock(plan: PlanContract): SaltState {
  return { id: 'lock', run: 'eos_lock.held', arguments: [argument('name', plan.name)], requisites: { require: [dict({ eos_guard: 'guard' })] } }
}

function runStep(name: string, step: StepSpec, plan: PlanContract, contracts: Contracts): SaltState {
  const runner = step.do === 'run' ? step.runner : ''
  return runnerState(name, runner, requiresOf(step, plan, contracts))
}

function runnerState(id: string, runner: string, require: readonly Python[]): SaltState {
  return { id, run: 'eos_run.done', arguments: [argument('name', runner)], requisites: { require } }
}

/** What a step of the plan requires: its needs, or the lock. */
function requiresOf(step: StepSpec, plan: PlanContract, contracts: Contracts): Python[] {
  const needs = (step.needs ?? []).flatMap((need): Python[] => {
    const target = plan.spec.steps[need]
    return target?.do === 'run' ? [dict({ eos_run: need })] : contracts.components.map(stepsOf)
  })
  return needs.length > 0 ? needs : [dict({ eos_lock: 'lock' })]
}

function eachStep(step: StepSpec, plan: PlanContract, contracts: Contracts): string[] {
  const base = requiresOf(step, plan, contracts)
  return contracts.components.flatMap((component) => {
    const needs = component.spec.needs.flatMap((need) => contracts.components.find(({ name }) => name === need) ?? [])
    const require = [...base, ...needs.map(stepsOf)]
    if (component.spec.runner === undefined) return [loop(component, require)]
    const runner = runnerState(`${component.name} runner`, component.spec.runner, require)
    return [assign(runner, 4), loop(component, [dict({ eos_run: runner.id })])]
  })
}

/** The steps of a component, as items of a requisite. */
function stepsOf(component: ComponentContract): Python {
  const label = component.spec.each === undefined ? '' : `, label=${quote(component.name)}`
  return spread(`stack.steps(${quote(component.name)}${label})`)
}

function loop(component: ComponentContract, require: readonly Python[]): string {
  const { name, spec } = component
  const isEach = spec.each !== undefined
  const id = isEach ? `${name} {app} on {node}` : `${name} on {node}`
  const state: SaltState = {
    id,
    run: 'salt.state',
    arguments: [
      argument('tgt', [code('node')]),
      argument('tgt_type', 'list'),
      argument('sls', [`eos.${name}`]),
      ...(isEach ? [argument('pillar', dict({ eos_each: code('app') }))] : []),
      argument('expect_minions', true),
      argument('queue', QUEUE),
      argument('parallel', code('stack.several')),
    ],
    requisites: { require },
  }
  const nodes = `for node in stack.nodes(${quote(name)}):`
  if (!isEach) return `    ${nodes}\n${assign(state, 8, 'f')}`
  return `    for app in stack.apps:\n        ${nodes}\n${assign(state, 12, 'f')}`
}

/** `steps["id"] = {...}`; the braces of an f-string id are names. */
function assign(state: SaltState, indent: number, prefix = ''): string {
  const [, body] = stateEntry(state, plain)
  const head = `${' '.repeat(indent)}steps[${prefix}${quote(state.id)}] = `
  return head + py(body, indent, head.length, 2)
}

/** The lock is given back after every step, whatever became of it; then one summary. */
function tail(plan: PlanContract, contracts: Contracts): SaltState[] {
  const runners = contracts.components.filter(({ spec }) => spec.runner !== undefined).map(({ name }) => dict({ eos_run: `${name} runner` }))
  const runs = Object.entries(plan.spec.steps).flatMap(([name, step]) => (step.do === 'run' ? [dict({ eos_run: name })] : []))
  const hasEach = Object.values(plan.spec.steps).some((step) => step.do === 'each')
  const every = [dict({ eos_lock: 'lock' }), ...runs, ...(hasEach ? [...runners, ...contracts.components.map(stepsOf)] : [])]
  const named = [argument('name', plan.name), argument('order', 'last')]
  return [
    { id: 'lock released', run: 'eos_lock.released', arguments: named, requisites: { require_any: every } },
    { id: 'summary', run: 'eos_summary.told', arguments: named },
  ]
}
