import type { ErrorObject } from 'ajv/dist/2020.js'
import type { Check } from './check.ts'
import { pointerTo } from './places.ts'
import type { Problem } from './problem.ts'
import { isRole, type Fields, type JsonObject } from './types.ts'
import { errorsOf, phrase, validatorOf } from './validator.ts'

/** Every field's schema is strict JSON Schema, and its default satisfies it. */
export const checkDefaults: Check = ({ contracts, places }) => {
  return contracts.flatMap((contract) => {
    if (contract.kind === 'plan' || contract.kind === 'event' || contract.kind === 'policy') return []
    return Object.entries(contract.fields).flatMap(([name, field]): Problem[] => {
      if (isRole(field) || field.default === undefined) return []
      const pointer = `${contract.kind}/${contract.name}/fields/${name}/default`
      return errorsOf(validatorOf(field.schema), field.default).map((error) => ({
        code: 'EOS221' as const,
        what: `the default of \`${name}\` does not satisfy its own type: ${(error.message ?? '').replace(/^must /, 'it must ')}`,
        expected: 'a value that the type of the field allows',
        advice: 'correct the default or the type',
        where: places.value(pointer),
        also: [],
      }))
    })
  })
}

/** Salt calls a state by its `name`, so that is how an object is identified. */
export const checkKeys: Check = ({ contracts, places }) =>
  contracts.flatMap((contract) => {
    if (contract.kind !== 'resource') return []
    const field = contract.fields['name']
    if (field && !isRole(field) && field.key) return []
    const where = places.key(`resource/${contract.name}/fields/name`)
    return [{ code: 'EOS222' as const, what: `resource ${contract.name} has no key \`name\``, expected: 'a field `name: Key<string>`', advice: 'call the identifying field `name`', where, also: [] }]
  })

/** Every example of a resource is what a caller could send. */
export const checkExamples: Check = ({ contracts, places }) => {
  return contracts.flatMap((contract) => {
    if (contract.kind !== 'resource') return []
    const validate = validatorOf(inputSchema(contract.fields))
    return Object.entries(contract.spec.examples).flatMap(([name, example]) => {
      const root = pointerTo(`resource/${contract.name}/spec/examples`, name)
      return errorsOf(validate, example).map((error): Problem => {
        const { what, expected, key } = phraseOf(error, contract.fields)
        const where = key === undefined ? places.value(root + error.instancePath) : places.key(pointerTo(root + error.instancePath, key))
        return { code: 'EOS220', what: `example \`${name}\`: ${what}`, expected, advice: 'correct the example or the field', where, also: [] }
      })
    })
  })
}

/** The schema of what a caller may set: read-only fields are not among it. */
export function inputSchema(fields: Fields): JsonObject {
  const settable = Object.entries(fields).flatMap(([name, field]) => (isRole(field) || field.read_only ? [] : [[name, field] as const]))
  return {
    type: 'object',
    properties: Object.fromEntries(settable.map(([name, field]) => [name, field.schema])),
    required: settable.filter(([, field]) => !field.optional).map(([name]) => name),
    additionalProperties: false,
  }
}

function phraseOf(error: ErrorObject, fields: Fields): ReturnType<typeof phrase> {
  const said = phrase(error)
  const field = said.key === undefined ? undefined : fields[said.key]
  if (said.key === undefined || !field || isRole(field) || !field.read_only) return said
  return { ...said, what: `field \`${said.key}\` is read-only`, expected: 'fields that a caller may set' }
}
