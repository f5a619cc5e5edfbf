import type { Check } from './check.ts'
import { suggest } from './nearest.ts'
import { pointerTo } from './places.ts'
import type { Problem } from './problem.ts'
import { heldBy, spotOf } from './spots.ts'
import { isRole, type Contract, type Json, type ResourceContract, type Schema } from './types.ts'
import { errorsOf, phrase, validatorOf } from './validator.ts'
import { inputSchema } from './check-values.ts'

/** Words of a resource's field stand in resources: a pillar has nobody who would open a place. */
export const checkWords: Check = ({ contracts, places }) =>
  contracts.flatMap((contract) => {
    if (contract.kind !== 'component' && contract.kind !== 'beacon') return []
    return Object.entries(contract.fields).flatMap(([name, field]): Problem[] => {
      if (isRole(field) || !JSON.stringify(field.schema).includes('"x-form"')) return []
      const where = places.value(`${contract.kind}/${contract.name}/fields/${name}`)
      return [{ code: 'EOS223', what: `field \`${name}\` of ${contract.kind} ${contract.name} has a word of resources`, expected: 'Span, Base64, Slashed and Confidential in resources only', advice: 'write a Duration, a string or a Secret', where, also: [] }]
    })
  })

/** Every rule of a resource fits the field that it is for. */
export const checkRules: Check = ({ contracts, places }) =>
  resourcesOf(contracts).flatMap((resource) => {
    const root = `resource/${resource.name}/spec`
    const problem = (pointer: string, what: string, expected: string, advice: string): Problem => ({ code: 'EOS224', what, expected, advice, where: places.value(pointer), also: [] })
    const { diff = {}, wire, find, exclusive = [], create, lost } = resource.spec
    const compared = Object.entries(diff).flatMap(([spot, rule]) => misfit(spotOf(resource.fields, spot), rule).map((expected) => problem(pointerTo(`${root}/diff`, spot), `rule \`${String(rule)}\` does not fit \`${spot}\``, expected, 'take another rule')))
    const renamed = Object.entries(wire.rename ?? {}).flatMap(([spot, name]) => {
      const schema = spotOf(resource.fields, spot)
      if (!name.includes('[]') || (schema && heldBy(schema).kind === 'list' && heldBy(heldBy(schema).held).kind === 'scalar')) return []
      return [problem(pointerTo(`${root}/wire/rename`, spot), `\`${spot}\` is no list of plain values`, '`[]` in the name of a list of texts or numbers', 'name the field itself')]
    })
    const raw = wire.raw === undefined ? undefined : resource.fields[wire.raw]
    const bodies = raw && (isRole(raw) || heldBy(raw.schema).kind !== 'scalar') ? [problem(`${root}/wire/raw`, `\`${wire.raw ?? ''}\` is no text`, 'a field of text as the whole body', 'take another field')] : []
    const swapped = lost !== undefined && !create.includes('cas=') ? [problem(`${root}/lost`, 'nothing is compared at creation', '`?cas=0` in the call that creates', 'add it, or leave `lost` out')] : []
    const listed = find.whole && (find.list === undefined || find.read === undefined) ? [problem(`${root}/find/whole`, 'a list is compared with nothing', 'a list beside the single read', 'leave `whole` out: a list alone is always whole')] : []
    const excluded = exclusive.flatMap((names, index) => names.filter((name) => isNeeded(resource, name)).map((name) => problem(pointerTo(`${root}/exclusive`, index), `\`${name}\` is always set`, 'fields that may be left out', 'mark it `?`')))
    return [...compared, ...renamed, ...bodies, ...swapped, ...listed, ...excluded]
  })

function isNeeded({ fields }: ResourceContract, name: string): boolean {
  const field = fields[name]
  return field !== undefined && !isRole(field) && (!field.optional || field.default !== undefined)
}

/** What a rule asks of its field; empty when the field is so. */
function misfit(schema: Schema | undefined, rule: string | { readonly by: string }): string[] {
  const { kind } = heldBy(schema ?? {})
  // The reader has found the field in the items already.
  if (typeof rule !== 'string') return []
  if (rule === 'as-set') return kind === 'list' ? [] : ['a list']
  if (['case', 'hcl', 'duration', 'bytes', 'at-least'].includes(rule)) return kind === 'scalar' ? [] : ['a plain value']
  return []
}

/** Every sample is a value that a caller could send. */
export const checkSamples: Check = ({ contracts, places }) =>
  resourcesOf(contracts).flatMap((resource) =>
    Object.entries(resource.spec.samples ?? {}).flatMap(([spot, samples]) => {
      const validate = validatorOf(spotOf(resource.fields, spot) ?? {})
      const at = pointerTo(`resource/${resource.name}/spec/samples`, spot)
      return samples.flatMap((sample: Json, index) => errorsOf(validate, sample).map((error): Problem => ({ code: 'EOS220', what: `a sample of \`${spot}\`: ${phrase(error).what}`, expected: phrase(error).expected, advice: 'correct the sample or the field', where: places.value(pointerTo(at, index)), also: [] })))
    }),
  )

/** What the examples need is declared, and given what it takes. */
export const checkGiven: Check = ({ contracts, places }) => {
  const resources = resourcesOf(contracts)
  return resources.flatMap((resource) =>
    (resource.spec.given ?? []).flatMap(({ run, with: values }, index): Problem[] => {
      const at = `resource/${resource.name}/spec/given/${index}`
      const other = resources.find(({ name }) => `${name}.present` === run)
      if (!other) return [{ code: 'EOS225', what: `\`${run}\` is the state of no resource`, expected: 'the state `present` of a declared resource', advice: suggest(run, resources.map(({ name }) => `${name}.present`)), where: places.value(`${at}/run`), also: [] }]
      return errorsOf(validatorOf(inputSchema(other.fields)), values).map((error) => ({ code: 'EOS225', what: `\`${run}\`: ${phrase(error).what}`, expected: phrase(error).expected, advice: 'correct what is given', where: places.value(`${at}/with`), also: [] }))
    }),
  )
}

function resourcesOf(contracts: readonly Contract[]): ResourceContract[] {
  return contracts.filter((contract) => contract.kind === 'resource')
}
