import type { ComponentContract, PlanContract, StepSpec } from '../contract/types.ts'
import type { PageView } from './docs-view.ts'
import { markdownHeader } from './header.ts'

/** The page of a plan: its steps, and the graph of what waits for what. */
export function planPage(plan: PlanContract, components: readonly ComponentContract[]): PageView {
  const steps = Object.entries(plan.spec.steps)
  const rows = steps.map(([name, step]) => `| ${name} | ${doing(step)} | ${(step.needs ?? []).join(', ')} | ${undoing(step.undo)} |`)
  return {
    header: markdownHeader(plan.source),
    title: plan.name,
    doc: `${plan.doc}\n\n    salt-run state.orchestrate eos.${plan.name} test=True\n    salt-run state.orchestrate eos.${plan.name}`,
    sections: [
      { title: 'Steps', text: ['| step | does | needs | undone by |', '| --- | --- | --- | --- |', ...rows].join('\n') },
      { title: 'Order', text: `A red gate stops ${plan.spec.on_red === 'stop-all' ? 'everything' : 'only what depends on it'}.\n\n${graph(plan, components)}` },
    ],
  }
}

function doing(step: StepSpec): string {
  return step.do === 'run' ? `runner \`${step.runner}\`` : 'every component on each of its nodes, after what it needs'
}

function undoing(undo: string): string {
  if (undo === 'not-needed') return 'nothing: run again, it changes nothing'
  return undo === 'impossible' ? 'nothing: it cannot be undone' : undo
}

/** Who waits for whom, as Mermaid draws it; the drawing leaves out what follows from the rest. */
function graph(plan: PlanContract, components: readonly ComponentContract[]): string {
  const needsByName = new Map(components.map(({ name, spec }) => [name, spec.needs]))
  const edges = Object.entries(plan.spec.steps).flatMap(([name, step]) => {
    const before = step.needs ?? ['lock']
    if (step.do === 'run') return before.map((need) => `  ${need} --> ${name}`)
    return components.flatMap((component) => {
      const needs = direct(component, needsByName)
      return (needs.length > 0 ? needs : before).map((need) => `  ${need} --> ${component.name}`)
    })
  })
  return ['```mermaid', 'graph TD', ...edges, '```'].join('\n')
}

/** The needs of a component that no other of its needs has already. */
function direct(component: ComponentContract, needsByName: ReadonlyMap<string, readonly string[]>): string[] {
  const further = new Set<string>()
  const waiting = component.spec.needs.flatMap((need) => needsByName.get(need) ?? [])
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (further.has(name)) continue
    further.add(name)
    waiting.push(...(needsByName.get(name) ?? []))
  }
  return component.spec.needs.filter((need) => !further.has(need))
}
