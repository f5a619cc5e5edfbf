import type { Check } from './check.ts'
import { pointerTo } from './places.ts'
import { SPEC_SCHEMAS } from './schema.ts'
import { nearest, suggest } from './nearest.ts'
import type { Problem } from './problem.ts'
import { isJsonList, isJsonObject } from './json.ts'
import type { Schema } from './types.ts'
import { errorsOf, phrase, validatorOf } from './validator.ts'
import type { ErrorObject } from 'ajv/dist/2020.js'

/** Every literal has the shape that the vocabulary gives its kind. It runs alone, before all other checks. */
export const checkShape: Check = ({ contracts, places }) =>
  contracts.flatMap((contract) => {
    const root = `${contract.kind}/${contract.name}/spec`
    return errorsOf(validatorOf(SPEC_SCHEMAS[contract.kind] ?? {}), contract.spec).map((error): Problem => {
      const { what, expected, key } = phrase(error)
      const pointer = root + error.instancePath
      const where = key === undefined ? places.value(pointer) : error.keyword === 'discriminator' ? places.value(pointerTo(pointer, key)) : places.key(pointerTo(pointer, key))
      return { code: 'EOS122', what, expected, advice: adviceFor(error, key), where, also: [] }
    })
  })

function adviceFor(error: ErrorObject, key: string | undefined): string {
  const parent: Schema = error.parentSchema ?? {}
  const properties = parent['properties']
  if (error.keyword === 'additionalProperties' && key !== undefined && isJsonObject(properties)) return suggest(key, Object.keys(properties))
  if (error.keyword === 'required') return 'add it'
  const values = isJsonList(parent['enum']) ? parent['enum'].filter((value) => typeof value === 'string') : []
  if (error.keyword === 'enum' && typeof error.data === 'string') return nearest(error.data, values).length > 0 ? suggest(error.data, values) : 'take one of these'
  return 'correct the value at the mark'
}
