import { code, dict, type Python } from './python.ts'

/** One Salt state of an SLS: its id, function, arguments and requisites. */
export interface SaltState {
  readonly id: string
  readonly run: string
  readonly arguments: readonly Python[]
  readonly requisites?: Readonly<Record<string, readonly Python[]>>
}

/** A pair of an SLS dict: the id, and the function with its arguments. */
export function stateEntry(state: SaltState, idOf: (id: string) => Python): readonly [Python, Python] {
  const requisites = Object.entries(state.requisites ?? {}).filter(([, list]) => list.length > 0)
  const body = [...state.arguments, ...requisites.map(([name, list]) => dict({ [name]: list }))]
  return [idOf(state.id), dict({ [state.run]: body })]
}

/** How a requisite names a state. */
export function requisite(state: SaltState, idOf: (id: string) => Python): Python {
  return dict({ [state.run.split('.')[0] ?? '']: idOf(state.id) })
}

/** One argument. */
export function argument(name: string, value: Python): Python {
  return dict({ [name]: value })
}

/** A piece of Python inside a list: `*here.arguments("ca")`. */
export function spread(call: string): Python {
  return code(`*${call}`)
}
