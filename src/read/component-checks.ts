import { at, entriesOf, itemsOf, textOf } from './literal.ts'
import { STATE_IDS } from './names.ts'
import { refuse } from './place.ts'
import { suggest } from '../contract/nearest.ts'
import type { Place } from '../contract/problem.ts'
import type { Scope } from './scope.ts'

/** What holds between the parts of one component's literal. */
export function checkComponent(scope: Scope): void {
  checkMemory(scope)
  checkStates(scope)
}

/** What holds between the steps of one plan. */
export function checkPlan(scope: Scope): void {
  const steps = entriesOf(at(scope.own.declaration.literal, 'steps'))
  const names = steps.map(({ key }) => key)
  steps.forEach(({ key, value }, index) => {
    for (const need of itemsOf(at(value, 'needs'))) {
      const name = textOf(need)
      if (name === undefined || names.slice(0, index).includes(name)) continue
      const what = names.includes(name) ? `step \`${key}\` needs \`${name}\`, which comes later` : `step \`${key}\` needs \`${name}\`, which is no step`
      refuse(scope.report, 'EOS138', need.place, what, 'a step that stands before it in the same plan', suggest(name, names.slice(0, index)))
    }
    const undo = at(value, 'undo')
    const name = textOf(undo)
    if (undo && name !== undefined && ![...names, 'not-needed', 'impossible'].includes(name)) refuse(scope.report, 'EOS138', undo.place, `step \`${key}\` is undone by \`${name}\`, which is no step`, 'a step of the same plan, `not-needed` or `impossible`', suggest(name, names))
  })
}

function checkMemory(scope: Scope): void {
  const entries = itemsOf(at(scope.own.declaration.literal, 'memory'))
  entries.forEach((entry, index) => {
    const isConditional = at(entry, 'when') !== undefined
    const isLast = index === entries.length - 1
    if (isConditional !== isLast) return
    const what = isLast ? 'the last entry of `memory` is conditional' : 'an entry of `memory` before the last holds always'
    refuse(scope.report, 'EOS136', entry.place, what, 'entries with `when`, then one without it', 'put the entry for everybody else last')
  })
}

function checkStates(scope: Scope): void {
  const { literal } = scope.own.declaration
  const seen = new Map<string, Place>()
  for (const state of [...itemsOf(at(literal, 'prepare')), ...itemsOf(at(literal, 'converge'))]) {
    const id = textOf(at(state, 'id'))
    const place = at(state, 'id')?.place
    if (id === undefined || !place) continue
    const before = seen.get(id)
    if (before || STATE_IDS.includes(id) || /^(file|directory) \//.test(id)) refuse(scope.report, 'EOS139', place, `state id \`${id}\` is used already`, `an id that is unique in the component and none of ${STATE_IDS.join(', ')}`, 'give the state an id that says what it is about', before ? [before] : [])
    else seen.set(id, place)
  }
}
