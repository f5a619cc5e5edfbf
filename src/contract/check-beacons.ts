import type { Check } from './check.ts'
import { suggest } from './nearest.ts'
import type { Problem } from './problem.ts'
import { isRole, SALT_SETTINGS } from './types.ts'

/** A beacon raises events that are declared. */
export const checkRaises: Check = ({ contracts, places }) => {
  const events = contracts.flatMap((contract) => (contract.kind === 'event' ? [contract.event] : []))
  return contracts.flatMap((contract) => {
    if (contract.kind !== 'beacon') return []
    return contract.spec.raises.flatMap((event, index): Problem[] => {
      if (events.includes(event)) return []
      return [{ code: 'EOS233', what: `${contract.name} raises \`${event}\`, which is no event`, expected: 'the registry key of an event', advice: suggest(event, events), where: places.value(`beacon/${contract.name}/spec/raises/${index}`), also: [] }]
    })
  })
}

/** Bounds are for whole numbers, the smaller one first, and a default lies within them. */
export const checkBounds: Check = ({ contracts, places }) =>
  contracts.flatMap((contract) => {
    if (contract.kind !== 'beacon') return []
    return Object.entries(contract.spec.bounds ?? {}).flatMap(([name, [least, most]]): Problem[] => {
      const field = contract.fields[name]
      if (!field || isRole(field)) return []
      const where = places.value(`beacon/${contract.name}/spec/bounds/${name}`)
      const wrong = (what: string, expected: string): Problem[] => [{ code: 'EOS234', what, expected, advice: 'correct the bounds or the field', where, also: [] }]
      if (field.schema['type'] !== 'integer') return wrong(`\`${name}\` has bounds and is no whole number`, 'a field of type Integer')
      if (least > most) return wrong(`the bounds of \`${name}\` are the wrong way round`, 'the smallest value first')
      const { default: value } = field
      return typeof value === 'number' && (value < least || value > most) ? wrong(`the default of \`${name}\` is ${value}`, `a value from ${least} to ${most}`) : []
    })
  })

/** Every setting can stand in the drop-in of a minion, beside those that Salt reads itself. */
export const checkSettings: Check = ({ contracts, places }) =>
  contracts.flatMap((contract) => {
    if (contract.kind !== 'beacon') return []
    return Object.entries(contract.fields).flatMap(([name, field]): Problem[] => {
      const where = places.key(`beacon/${contract.name}/fields/${name}`)
      const wrong = (what: string, expected: string, advice: string): Problem[] => [{ code: 'EOS235', what, expected, advice, where, also: [] }]
      if (SALT_SETTINGS.some((word) => word === name)) return wrong(`\`${name}\` is a setting that Salt reads in every beacon`, 'a name of its own', 'rename it')
      if (isRole(field) || field.secret !== undefined || field.read_only) return wrong(`\`${name}\` cannot stand in a drop-in`, 'a plain field: no Roles, Secret or ReadOnly', 'write its type without that word')
      return field.optional ? [] : wrong(`\`${name}\` has no default`, 'a default, or `?`, so that a minion needs no configuration', 'write `Default<…>`')
    })
  })
