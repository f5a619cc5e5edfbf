import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import { isJsonList, isJsonObject } from './json.ts'
import type { JsonObject, Schema } from './types.ts'

// The schemas come out of the reader's closed grammar, and strict mode looks at their keywords: checking them against
// the meta-schema as well, or optimising code that runs a few hundred times, would cost more than it saves.
const ajv = new Ajv2020({ strict: true, allErrors: true, verbose: true, allowUnionTypes: true, discriminator: true, validateSchema: false, keywords: ['x-form', 'x-says'], code: { optimize: false } })
const compiled = new Map<string, ValidateFunction>()
const known = new WeakMap<Schema, ValidateFunction>()

/** A strict validator for JSON Schema 2020-12 that reports everything it finds; made once per schema, even where the reader wrote it anew. */
export function validatorOf(schema: Schema): ValidateFunction {
  const same = known.get(schema)
  if (same) return same
  const key = JSON.stringify(schema)
  const made = compiled.get(key) ?? ajv.compile(schema)
  compiled.set(key, made)
  known.set(schema, made)
  return made
}

/** What a validator says about a value; a union reports its deepest branch only. */
export function errorsOf(validate: ValidateFunction, value: unknown): ErrorObject[] {
  if (validate(value)) return []
  const errors = validate.errors ?? []
  const isSummary = (error: ErrorObject): boolean => ['anyOf', 'oneOf', 'if', 'discriminator'].includes(error.keyword)
  const own = errors.filter((error) => !isSummary(error))
  return own.length > 0 ? own : errors
}

/** What ajv says, as what is wrong and what was expected. */
export function phrase(error: ErrorObject): { readonly what: string; readonly expected: string; readonly key?: string } {
  const params: JsonObject = error.params
  if (error.keyword === 'additionalProperties') return { what: `key \`${text(params['additionalProperty'])}\` is unknown`, expected: 'the keys of the vocabulary', key: text(params['additionalProperty']) }
  if (error.keyword === 'required') return { what: `key \`${text(params['missingProperty'])}\` is missing`, expected: 'every required key' }
  if (error.keyword === 'enum' || error.keyword === 'const') {
    const allowed = error.keyword === 'enum' ? params['allowedValues'] : [params['allowedValue'] ?? null]
    return { what: 'the value is not one of those allowed', expected: (isJsonList(allowed) ? allowed : []).map((value) => JSON.stringify(value)).join(' or ') }
  }
  if (error.keyword === 'discriminator') {
    const tag = text(params['tag'])
    return { what: `\`${tag}\` is never ${JSON.stringify(params['tagValue'])}`, expected: variants(error.parentSchema ?? {}, tag).join(' or '), key: tag }
  }
  return { what: 'the value does not fit its place', expected: `what the schema says: ${(error.message ?? error.keyword).replace(/^must /, 'it must ')}` }
}

/** The values of the key that tells the branches of a union apart. */
function variants(schema: Schema, tag: string): string[] {
  const { oneOf } = schema
  return (isJsonList(oneOf) ? oneOf.filter(isJsonObject) : []).flatMap(({ properties }) => {
    const one = isJsonObject(properties) ? properties[tag] : undefined
    return isJsonObject(one) ? [JSON.stringify(one['const'])] : []
  })
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
