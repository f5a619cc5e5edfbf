import { isJsonList, isJsonObject } from '../contract/json.ts'
import type { Places } from '../contract/places.ts'
import { isRole, type Field, type Json, type JsonObject, type RoleField } from '../contract/types.ts'
import type { Declaration } from './declaration.ts'
import type { Shape } from './fields.ts'
import type { Payload } from './payload.ts'
import { modeOf } from './type-grammar.ts'
import type { Report } from './place.ts'

/** A declaration with its fields read; the literal is judged against all of these. */
export interface Read {
  readonly declaration: Declaration
  readonly shape: Shape
  /** What an event carries; undefined for every other kind. */
  readonly payload?: Payload
}

/** What is known while one literal is converted. */
export interface Scope {
  readonly report: Report
  readonly places: Places
  readonly own: Read
  /** Every component, by registry key. */
  readonly components: ReadonlyMap<string, Read>
  /** What every event carries, by registry key. */
  readonly events: ReadonlyMap<string, Payload>
  /** Registry keys of all that this component needs, directly or through others. */
  readonly needs: ReadonlySet<string>
  readonly hooks: readonly string[]
}

/** The field of a declaration by its name in TypeScript. */
export function fieldOf(read: Read, written: string): Field | RoleField | undefined {
  const name = read.shape.written.get(written)
  return name === undefined ? undefined : read.shape.fields[name]
}

/** The values that a `when` may compare a field with; undefined when it has no closed set. */
export function closedValues(field: Field | RoleField): readonly Json[] | undefined {
  if (isRole(field)) return field.roles
  return closed(field.schema)
}

function closed(schema: JsonObject): readonly Json[] | undefined {
  if (schema['type'] === 'boolean') return [true, false]
  const { enum: values, const: only, anyOf } = schema
  if (isJsonList(values)) return values
  if (only !== undefined) return [only]
  if (!isJsonList(anyOf)) return undefined
  const branches = anyOf.filter(isJsonObject).filter((branch) => branch['type'] !== 'null')
  const modes = branches.map(modeOf).filter((mode) => mode !== undefined)
  if (modes.length === branches.length) return modes
  const [first] = branches
  return first && branches.length === 1 ? closed(first) : undefined
}
