import type { Check } from './check.ts'
import { isJsonObject } from './json.ts'
import type { Places } from './places.ts'
import { pointerTo } from './places.ts'
import type { Problem } from './problem.ts'
import type { ComponentContract, Condition, FileSpec, Json, JsonObject } from './types.ts'

/** Entries for one path of one component agree about the file, and write no key twice. */
export const checkMerges: Check = ({ components, places }) => components.flatMap((component) => mergesOf(component, places))

function mergesOf(component: ComponentContract, places: Places): Problem[] {
  const files = component.spec.files ?? []
  return files.flatMap((file, index) =>
    files.slice(0, index).flatMap((before, earlier) => {
      if (before.path !== file.path) return []
      const root = `component/${component.name}/spec/files`
      const problems = isExcluded(before.when, file.when, component) ? [] : sameKeys(before.data, file.data, `${root}/${earlier}/data`, `${root}/${index}/data`, file.path, places)
      return [...disagreements(before, file, `${root}/${earlier}`, `${root}/${index}`, places), ...problems]
    }),
  )
}

function disagreements(before: FileSpec, file: FileSpec, first: string, second: string, places: Places): Problem[] {
  const keys = ['format', 'mode', 'owner', 'reload'] as const
  return keys
    .filter((key) => before[key] !== file[key])
    .map((key) => ({
      code: 'EOS214' as const,
      what: `entries for ${file.path} disagree about \`${key}\``,
      expected: 'the same value in every entry of one path',
      advice: 'make them equal',
      where: places.value(`${second}/${key}`),
      also: [places.value(`${first}/${key}`)],
    }))
}

function sameKeys(a: JsonObject, b: JsonObject, first: string, second: string, path: string, places: Places): Problem[] {
  return Object.keys(b).flatMap((key) => {
    const [one, two] = [a[key], b[key]]
    if (one === undefined || two === undefined || JSON.stringify(one) === JSON.stringify(two)) return []
    const [left, right] = [pointerTo(first, key), pointerTo(second, key)]
    if (isTree(one) && isTree(two)) return sameKeys(one, two, left, right, path, places)
    return [{ code: 'EOS210' as const, what: `key \`${key}\` of ${path} has two values`, expected: 'one value per key', advice: 'write it in one entry only, or let the conditions exclude each other', where: places.key(right), also: [places.key(left)] }]
  })
}

function isTree(value: Json): value is JsonObject {
  return isJsonObject(value) && !('$' in value) && !('$text' in value)
}

/** Two conditions exclude each other when one field, which is no set of roles, must have two values. */
function isExcluded(a: Condition | undefined, b: Condition | undefined, component: ComponentContract): boolean {
  return Object.keys(a ?? {}).some((field) => {
    const isSet = component.fields[field] !== undefined && 'roles' in component.fields[field]
    return !isSet && b?.[field] !== undefined && a?.[field] !== b[field]
  })
}
