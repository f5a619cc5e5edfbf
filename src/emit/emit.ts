import { canonical, contractPath, indexOf } from '../contract/canonical.ts'
import type { Problem } from '../contract/problem.ts'
import type { Places } from '../contract/places.ts'
import type { BeaconContract, Contracts, EventContract, ResourceContract } from '../contract/types.ts'
import { beaconDropIn, beaconPage, beaconView } from './beacon.ts'
import { eventCheckView } from './event-check.ts'
import { eventsPage } from './event-page.ts'
import { eventTable, eventTableView } from './event-table.ts'
import { healSls, reactorSls } from './heal-sls.ts'
import { healingPage } from './healing-page.ts'
import { lawOf } from './law.ts'
import type { Render } from './render.ts'
import { objectsSls } from './objects-sls.ts'
import { specOf } from './resource-spec.ts'
import { resourcePage } from './resource-page.ts'
import { resourceView } from './resource-view.ts'
import { componentPage, pillarPage } from './docs-view.ts'
import { pillarSchema } from './pillar-schema.ts'
import { initSls } from './init-sls.ts'
import { planPage } from './plan-page.ts'
import { planSls } from './plan-sls.ts'
import { policyTableView } from './policy-table.ts'
import { ACTS } from './policy-words.ts'
import { componentSls } from './sls.ts'

/** A generated file: its path below `generated/`, its text, and the declaration it came from. */
export interface Emitted {
  readonly path: string
  readonly text: string
  /** `<kind>/<name>` of its declaration; empty for what is made of all of them. */
  readonly origin: string
}

/** Everything that the contracts become, by path; pure: no file is read or written. */
export function emitAll(contracts: Contracts, render: Render): Emitted[] {
  const all = [...contracts.components, ...contracts.plans, ...contracts.resources, ...contracts.events, ...contracts.beacons, ...contracts.policies]
  return [
    { path: 'contract/index.json', text: canonical(indexOf(contracts)), origin: '' },
    ...all.map((contract) => ({ path: contractPath(contract), text: canonical(contract), origin: `${contract.kind}/${contract.name}` })),
    ...contracts.components.map((component) => ({ path: `salt/eos/${component.name}.sls`, text: componentSls(component), origin: `component/${component.name}` })),
    ...contracts.plans.map((plan) => ({ path: `salt/eos/${plan.name}.sls`, text: planSls(plan, contracts), origin: `plan/${plan.name}` })),
    { path: 'salt/eos/init.sls', text: initSls(contracts.components), origin: '' },
    ...(contracts.resources.length > 0 ? [{ path: 'salt/eos/objects.sls', text: objectsSls(), origin: '' }] : []),
    { path: 'pillar/eos.schema.json', text: canonical(pillarSchema(contracts.components, contracts.resources)), origin: '' },
    { path: 'docs/pillar.md', text: render('page.md', pillarPage(contracts.components, contracts.resources)), origin: '' },
    ...contracts.components.map((component) => ({ path: `docs/components/${component.name}.md`, text: render('page.md', componentPage(component)), origin: `component/${component.name}` })),
    ...contracts.plans.map((plan) => ({ path: `docs/plans/${plan.name}.md`, text: render('page.md', planPage(plan, contracts.components)), origin: `plan/${plan.name}` })),
    ...contracts.resources.flatMap((resource) => resourceFiles(resource, render)),
    ...eventFiles(contracts.events, render),
    ...contracts.beacons.flatMap((beacon) => beaconFiles(beacon, render)),
    ...policyFiles(contracts, render),
  ]
}

function eventFiles(events: readonly EventContract[], render: Render): Emitted[] {
  if (events.length === 0) return []
  return [
    { path: 'events/table.json', text: canonical(eventTable(events)), origin: '' },
    { path: 'saltext/events/table.py', text: render('events.py', eventTableView(events)), origin: '' },
    { path: 'docs/events.md', text: render('page.md', eventsPage(events)), origin: '' },
    ...events.map((event) => ({ path: `saltext/events/${event.name}.py`, text: render('event.py', eventCheckView(event)), origin: `event/${event.name}` })),
  ]
}

function policyFiles({ policies, components }: Contracts, render: Render): Emitted[] {
  if (policies.length === 0) return []
  return [
    { path: 'saltext/policies/table.py', text: render('policies.py', policyTableView(policies, components)), origin: '' },
    { path: 'docs/healing.md', text: render('page.md', healingPage(policies)), origin: '' },
    { path: 'salt/eos/heal/reactor.sls', text: reactorSls(ACTS), origin: '' },
    ...ACTS.map((act) => ({ path: `salt/eos/heal/${act}.sls`, text: healSls(act), origin: '' })),
  ]
}

function beaconFiles(beacon: BeaconContract, render: Render): Emitted[] {
  const { module } = beacon.spec
  const origin = `beacon/${beacon.name}`
  return [
    { path: `saltext/beacon_config/${module}.py`, text: render('beacon.py', beaconView(beacon)), origin },
    { path: `saltext/beacon_config/${module}.conf`, text: beaconDropIn(beacon), origin },
    { path: `docs/beacons/${module}.md`, text: render('page.md', beaconPage(beacon)), origin },
  ]
}

function resourceFiles(resource: ResourceContract, render: Render): Emitted[] {
  const { name } = resource
  const origin = `resource/${name}`
  const view = resourceView(resource, specOf(resource))
  return [
    { path: `saltext/modules/${name}.py`, text: render('module.py', view), origin },
    { path: `saltext/states/${name}.py`, text: render('state.py', view), origin },
    { path: `saltext/specs/${name}.py`, text: render('spec.py', view), origin },
    { path: `docs/resources/${name}.md`, text: render('page.md', resourcePage(resource)), origin },
    { path: `test/${name}.json`, text: canonical(lawOf(resource)), origin },
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
