import { canonical, contractPath, indexOf } from '../contract/canonical.ts'
import type { Problem } from '../contract/problem.ts'
import type { Places } from '../contract/places.ts'
import type { Contracts } from '../contract/types.ts'
import { initSls } from './init-sls.ts'
import { planSls } from './plan-sls.ts'
import { componentSls } from './sls.ts'

/** A generated file: its path below `generated/`, its text, and the declaration it came from. */
export interface Emitted {
  readonly path: string
  readonly text: string
  /** `<kind>/<name>` of its declaration; empty for what is made of all of them. */
  readonly origin: string
}

/** Everything that the contracts become, by path; pure: no file is read or written. */
export function emitAll(contracts: Contracts): Emitted[] {
  const all = [...contracts.components, ...contracts.plans, ...contracts.resources]
  return [
    { path: 'contract/index.json', text: canonical(indexOf(contracts)), origin: '' },
    ...all.map((contract) => ({ path: contractPath(contract), text: canonical(contract), origin: `${contract.kind}/${contract.name}` })),
    ...contracts.components.map((component) => ({ path: `salt/eos/${component.name}.sls`, text: componentSls(component), origin: `component/${component.name}` })),
    ...contracts.plans.map((plan) => ({ path: `salt/eos/${plan.name}.sls`, text: planSls(plan, contracts), origin: `plan/${plan.name}` })),
    { path: 'salt/eos/init.sls', text: initSls(contracts.components), origin: '' },
  ]
}

/** Two declarations that make one file. */
export function collisions(files: readonly Emitted[], places: Places): Problem[] {
  const first = new Map<string, Emitted>()
  return files.flatMap((file) => {
    const before = first.get(file.path)
    first.set(file.path, before ?? file)
    if (!before) return []
    const what = `generated/${file.path} has two sources`
    return [{ code: 'EOS301' as const, what, expected: 'one source per file', advice: 'rename one of the two declarations', where: places.value(file.origin), also: [places.value(before.origin)] }]
  })
}
