import type { ComponentContract } from './types.ts'

/** The components that an act can be done to: they run on hosts, once. */
export function actedOn(components: readonly ComponentContract[]): ComponentContract[] {
  return components.filter(({ spec }) => spec.on === 'host' && spec.each === undefined)
}
