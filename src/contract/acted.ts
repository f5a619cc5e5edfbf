import type { ActSpec, ComponentContract } from './types.ts'

/** The components that an act can be done to: they run on hosts, once, and have a unit where one is reloaded. */
export function actedOn(act: ActSpec['do'], components: readonly ComponentContract[]): ComponentContract[] {
  return components.filter(({ spec }) => spec.on === 'host' && spec.each === undefined && (act !== 'reload' || spec.unit !== undefined))
}
