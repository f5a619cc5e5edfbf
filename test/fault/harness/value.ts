/** A JSON object whose fields are not known yet. */
export type Row = Readonly<Record<string, unknown>>

/** What stands at a path of a JSON value; undefined where there is nothing. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let found = value
  for (const step of path) {
    if (typeof step === 'number') found = Array.isArray(found) ? found[step] : undefined
    else found = isRow(found) ? found[step] : undefined
  }
  return found
}

/** The text at a path; empty where there is none. */
export function text(value: unknown, ...path: readonly (string | number)[]): string {
  const found = at(value, ...path)
  return typeof found === 'string' ? found : ''
}

/** The number at a path; NaN where there is none. */
export function number(value: unknown, ...path: readonly (string | number)[]): number {
  const found = at(value, ...path)
  return typeof found === 'number' ? found : Number.NaN
}

/** The objects of the list at a path; none where there is no list. */
export function rows(value: unknown, ...path: readonly (string | number)[]): Row[] {
  const found = at(value, ...path)
  return Array.isArray(found) ? found.filter(isRow) : []
}

/** Says that a value is an object. */
export function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
