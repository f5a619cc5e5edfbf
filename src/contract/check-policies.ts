import { actedOn } from './acted.ts'
import type { Check } from './check.ts'
import { isJsonList } from './json.ts'
import { suggest } from './nearest.ts'
import { occurrenceOf, type Occurrence } from './occurrence.ts'
import { pointerTo, type Places } from './places.ts'
import type { Problem } from './problem.ts'
import { schemaOf } from './schema-parts.ts'
import type { ActSpec, Contract, EventContract, PolicyContract, Schema } from './types.ts'
import { errorsOf, validatorOf } from './validator.ts'

/** What an act must be told, as groups of leaves: one of each group stands in the key. */
const TOLD: { readonly [act in ActSpec['do']]?: readonly (readonly string[])[] } = {
  apply: [['subject.node', 'subject.minion']],
  unseal: [['subject.node', 'subject.minion']],
  evaluate: [['subject.job'], ['subject.namespace', 'links.namespace']],
  deregister: [['subject.instance'], ['subject.node']],
  resync: [['subject.instance'], ['subject.node']],
}

/** Every occurrence is a verb of a declared event, and stands there once. */
export const checkOccurrences: Check = ({ contracts, places }) => {
  const events = eventsOf(contracts)
  const known = events.flatMap(({ event, spec }) => Object.keys(spec.verbs).map((verb) => `${event}/${verb}`))
  return policiesOf(contracts).flatMap(({ name, spec }) =>
    spec.on.flatMap((one, index): Problem[] => {
      const where = places.value(`policy/${name}/spec/on/${index}`)
      if (!known.includes(one)) return [{ code: 'EOS240', what: `${name} waits for \`${one}\`, which never happens`, expected: '`<event>/<verb>` of declared events', advice: suggest(one, known), where, also: [] }]
      if (spec.on.indexOf(one) === index) return []
      return [{ code: 'EOS240', what: `${name} waits for \`${one}\` twice`, expected: 'each occurrence once', advice: 'remove one of the two', where, also: [] }]
    }),
  )
}

/** A leaf is matched with values that its type allows, in every occurrence. */
export const checkMatches: Check = ({ contracts, places }) =>
  policiesOf(contracts).flatMap(({ name, spec }) =>
    Object.entries(spec.match ?? {}).flatMap(([leaf, wanted]): Problem[] => {
      const pointer = pointerTo(`policy/${name}/spec/match`, leaf)
      const values = isJsonList(wanted) ? wanted : [wanted]
      if (values.length === 0) return [{ code: 'EOS241', what: `\`${leaf}\` is matched with nothing`, expected: 'at least one value', advice: 'name the values, or take the leaf away', where: places.value(pointer), also: [] }]
      const validators = schemasAt(leaf, spec.on, contracts).map(validatorOf)
      return values.flatMap((value, index): Problem[] => {
        const errors = validators.flatMap((validate) => errorsOf(validate, value))
        if (errors.length === 0) return []
        return [{ code: 'EOS241', what: `\`${leaf}\` is never ${JSON.stringify(value)}`, expected: allowed(errors[0]?.params), advice: 'take a value that the leaf can have', where: places.value(isJsonList(wanted) ? pointerTo(pointer, index) : pointer), also: [] }]
      })
    }),
  )

/** The key says what an incident is about, and an act what it acts on. */
export const checkKeysOfPolicies: Check = ({ contracts, places }) =>
  policiesOf(contracts).flatMap(({ name, spec }): Problem[] => {
    const where = places.value(`policy/${name}/spec/key`)
    if (spec.key.length === 0) return [{ code: 'EOS242', what: `the key of ${name} is empty, so all its facts would be one incident`, expected: 'leaves that name what it is about', advice: 'name them', where, also: [] }]
    // A leaf that nothing has was refused where it was read.
    const named = typeof spec.act.component === 'object' ? [spec.act.component.leaf].filter((leaf) => schemasAt(leaf, spec.on, contracts).every((schema) => Object.keys(schema).length > 0)) : []
    return [...(TOLD[spec.act.do] ?? []), ...named.map((leaf) => [leaf])].filter((leaves) => !leaves.some((leaf) => spec.key.includes(leaf))).map((leaves): Problem => ({ code: 'EOS242', what: `the key of ${name} does not say what to ${spec.act.do}`, expected: leaves.map((leaf) => `\`${leaf}\``).join(' or '), advice: 'add it to `key`', where, also: [] }))
  })

/** A component that is acted on is there, runs on hosts, and has what the act needs. */
export const checkActComponents: Check = ({ contracts, components, places, unread }) =>
  policiesOf(contracts).flatMap(({ name, spec }): Problem[] => {
    const { do: act, component: target } = spec.act
    if (target === undefined) return []
    const fits = actedOn(components)
    const expected = 'a component on hosts'
    const pointer = `policy/${name}/spec/act/component`
    if (typeof target === 'object') {
      if (fits.length === 0 || fits.some(({ name: value }) => schemasAt(target.leaf, spec.on, contracts).every((schema) => errorsOf(validatorOf(schema), value).length === 0))) return []
      return [{ code: 'EOS243', what: `\`${target.leaf}\` never names a component to ${act}`, expected: `a leaf that holds the name of ${expected}`, advice: 'take such a leaf, or name the component', where: places.value(`${pointer}/leaf`), also: [] }]
    }
    if (unread.includes(target)) return []
    const component = components.find((one) => one.name === target)
    if (component && fits.includes(component)) return []
    const what = component ? `${name} cannot ${act} \`${target}\`` : `${name} acts on \`${target}\`, which is no component`
    return [{ code: 'EOS243', what, expected, advice: suggest(target, fits.map((one) => one.name)), where: places.value(pointer), also: [] }]
  })

/** An act waits until its fact has settled, or until the layer below is done with it. */
export const checkPatience: Check = ({ contracts, places }) =>
  policiesOf(contracts).flatMap(({ name, spec }): Problem[] => {
    if (TOLD[spec.act.do] === undefined || spec.require.layer_below !== undefined) return []
    return occurrencesOf(spec.on, contracts).flatMap((one): Problem[] => {
      if (one.event.spec.verbs[one.verb]?.settle !== undefined) return []
      return [{ code: 'EOS244', what: `${name} would ${spec.act.do} at once on \`${one.name}\`, which has no quiet time`, expected: 'occurrences that settle, or `layerBelow` in `require`', advice: 'say how far the layer below must be', where: places.value(`policy/${name}/spec/on/${spec.on.indexOf(one.name)}`), also: [] }]
    })
  })

/** What a leaf can hold, in each occurrence that is known. */
function schemasAt(leaf: string, on: readonly string[], contracts: readonly Contract[]): Schema[] {
  const [part = '', field = ''] = leaf.split('.')
  return occurrencesOf(on, contracts).map(({ event }) => schemaOf(schemaOf(event.payload, part), field))
}

function allowed(params: { readonly [key: string]: unknown } | undefined): string {
  const values = params?.['allowedValues']
  return Array.isArray(values) ? values.map((value) => JSON.stringify(value)).join(' or ') : 'a value of its type'
}

function policiesOf(contracts: readonly Contract[]): PolicyContract[] {
  return contracts.filter((contract) => contract.kind === 'policy')
}

function eventsOf(contracts: readonly Contract[]): EventContract[] {
  return contracts.filter((contract) => contract.kind === 'event')
}

function occurrencesOf(on: readonly string[], contracts: readonly Contract[]): Occurrence[] {
  return on.flatMap((one) => occurrenceOf(one, eventsOf(contracts)) ?? [])
}
