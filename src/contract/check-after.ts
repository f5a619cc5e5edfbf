import type { Check } from './check.ts'
import { suggest } from './nearest.ts'
import { cyclesOf } from './order.ts'
import { pointerTo } from './places.ts'
import type { Problem } from './problem.ts'
import type { Contract, ResourceContract } from './types.ts'

/** The resources that come before another one in a pillar: what it says, and what its examples need. */
export function beforeOf({ spec }: ResourceContract): string[] {
  const given = (spec.given ?? []).map(({ run }) => run.slice(0, run.indexOf('.')))
  return [...new Set([...(spec.after ?? []), ...given])].sort()
}

/** What a resource comes after is declared, and is another one. */
export const checkAfter: Check = ({ contracts, places }) => {
  const resources = resourcesOf(contracts)
  const names = resources.map(({ name }) => name)
  return resources.flatMap(({ name, spec }) =>
    (spec.after ?? []).flatMap((other, index): Problem[] => {
      if (names.includes(other)) return []
      const where = places.value(pointerTo(`resource/${name}/spec/after`, index))
      return [{ code: 'EOS226', what: `${name} comes after \`${other}\`, which is no resource`, expected: 'a declared resource', advice: suggest(other, names), where, also: [] }]
    }),
  )
}

/** The order of resources has no cycle; an object of the same resource may still be given to an example. */
export const checkOrder: Check = ({ contracts, places }) => {
  const resources = resourcesOf(contracts)
  const needing = resources.map((resource) => ({ name: resource.name, spec: { needs: beforeOf(resource).filter((name) => name !== resource.name || resource.spec.after?.includes(name)) } }))
  return cyclesOf(needing).map((cycle): Problem => {
    const [where, ...also] = cycle.map((name, index) => {
      const next = cycle[(index + 1) % cycle.length] ?? name
      const spec = resources.find((resource) => resource.name === name)?.spec
      const at = spec?.after?.indexOf(next) ?? -1
      const given = spec?.given?.findIndex(({ run }) => run.startsWith(`${next}.`)) ?? 0
      return places.value(`resource/${name}/spec/${at >= 0 ? `after/${at}` : `given/${given}/run`}`)
    })
    return { code: 'EOS227', what: `resources come after each other in a cycle: ${[...cycle, cycle[0]].join(' → ')}`, expected: 'an order without a cycle', advice: 'take one of the names out of `after`', where: where ?? places.value(`resource/${cycle[0] ?? ''}`), also }
  })
}

function resourcesOf(contracts: readonly Contract[]): ResourceContract[] {
  return contracts.filter((contract) => contract.kind === 'resource')
}
