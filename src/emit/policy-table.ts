import { isJsonList } from '../contract/json.ts'
import { actedOn } from '../contract/acted.ts'
import type { ActSpec, ComponentContract, PolicyContract } from '../contract/types.ts'
import { header } from './header.ts'
import { code, dict, fromJson, py, type Python } from './python.ts'
import { seconds } from './seconds.ts'

/** What the template of the healer's table prints. */
export interface PolicyTableView {
  readonly header: string
  readonly table: string
}

/** The policies as the healer reads them: every key in every row, durations in seconds. */
export function policyTableView(policies: readonly PolicyContract[], components: readonly ComponentContract[]): PolicyTableView {
  const table: Python = { pairs: policies.map((policy) => [policy.name, rowOf(policy, components)]) }
  return { header: header('src/policies'), table: py(table, 0, 35, 2) }
}

function rowOf({ spec }: PolicyContract, components: readonly ComponentContract[]): Python {
  const { attributed, repeated, class: classes, layer_below: layerBelow, hook } = spec.require
  const match = Object.entries(spec.match ?? {}).map(([leaf, wanted]) => [leaf, isJsonList(wanted) ? wanted : [wanted]] as const)
  return dict({
    on: spec.on,
    match: fromJson(Object.fromEntries(match)),
    require: dict({
      attributed: attributed === true,
      repeated: repeated ? dict({ times: repeated.times, within: float(repeated.within), distinct: repeated.distinct ?? null }) : null,
      classes: classes ?? [],
      layer_below: layerBelow ?? null,
      hook: hook ?? null,
    }),
    key: spec.key,
    act: actOf(spec.act, components),
    limits: dict({ attempts: spec.limits?.attempts ?? null, cool_down: spec.limits?.cool_down === undefined ? null : float(spec.limits.cool_down) }),
    says: spec.says,
    otherwise: spec.otherwise,
  })
}

/** A component that a leaf names is one of those that the act can be done to, whatever a minion says. */
function actOf({ component, ...act }: ActSpec, components: readonly ComponentContract[]): Python {
  const named = typeof component === 'object' ? { component_of: component.leaf, components: actedOn(components).map(({ name }) => name).toSorted() } : { component }
  return dict({ ...act, ...(component === undefined ? {} : named), ...(act.for === undefined ? {} : { for: float(act.for) }) })
}

/** Seconds as Python's float, whole or not. */
function float(duration: string): Python {
  const value = String(seconds(duration))
  return code(value.includes('.') ? value : `${value}.0`)
}
