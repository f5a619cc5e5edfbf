import type { Check } from './check.ts'
import { suggest } from './nearest.ts'
import { cyclesOf } from './order.ts'

/** Every need is a component. */
export const checkNeeds: Check = ({ components, places, unread }) => {
  const names = [...components.map(({ name }) => name), ...unread]
  return components.flatMap(({ name, spec }) =>
    spec.needs.flatMap((need, index) => {
      if (names.includes(need)) return []
      const where = places.value(`component/${name}/spec/needs/${index}`)
      return [{ code: 'EOS201' as const, what: `${name} needs \`${need}\`, which is no component`, expected: 'a component', advice: suggest(need, names), where, also: [] }]
    }),
  )
}

/** Needs have no cycle; the whole cycle is printed, each link with its place. */
export const checkCycle: Check = ({ components, places }) =>
  cyclesOf(components).map((cycle) => {
    const links = cycle.map((name, index) => {
      const next = cycle[(index + 1) % cycle.length] ?? name
      const component = components.find((candidate) => candidate.name === name)
      return places.value(`component/${name}/spec/needs/${component?.spec.needs.indexOf(next) ?? 0}`)
    })
    const [where, ...also] = links
    return {
      code: 'EOS202' as const,
      what: `components need each other in a cycle: ${[...cycle, cycle[0]].join(' → ')}`,
      expected: 'needs without a cycle',
      advice: 'remove one of these needs, or split a component in two',
      where: where ?? places.value(`component/${cycle[0] ?? ''}`),
      also,
    }
  })
