import type { Contract, Contracts } from './types.ts'

/** Version of the contract's form; every generated SLS asks for it. */
export const SCHEMA_VERSION = 1

/** The one text of a contract: two spaces, the declaration's order, a newline at the end. */
export function canonical(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

/** Where the contract of a declaration stands below `generated/`. */
export function contractPath(contract: Contract): string {
  return `contract/${contract.kind === 'policy' ? 'policies' : `${contract.kind}s`}/${contract.name}.json`
}

/** The list of all declarations; components in the order of their needs. */
export function indexOf(contracts: Contracts): object {
  const names = (list: readonly { readonly name: string }[]): string[] => list.map(({ name }) => name)
  return { schema: SCHEMA_VERSION, components: names(contracts.components), plans: names(contracts.plans), resources: names(contracts.resources), events: names(contracts.events), beacons: names(contracts.beacons), policies: names(contracts.policies) }
}
