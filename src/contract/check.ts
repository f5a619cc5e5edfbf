import type { Problem } from './problem.ts'
import type { Places } from './places.ts'
import type { ComponentContract, Contract, Contracts } from './types.ts'

/** What a check sees. */
export interface Subject {
  readonly contracts: readonly Contract[]
  readonly components: readonly ComponentContract[]
  readonly places: Places
  /** Components whose file could not be read: they are declared all the same. */
  readonly unread: readonly string[]
}

/** One claim about the contract as a whole; it gives what contradicts it. */
export type Check = (subject: Subject) => Problem[]

/** Runs a list of checks over the contracts. */
export function runChecks(checks: readonly Check[], contracts: readonly Contract[], places: Places, unread: readonly string[] = []): Problem[] {
  const subject: Subject = { contracts, components: contracts.filter((contract) => contract.kind === 'component'), places, unread }
  return checks.flatMap((check) => check(subject))
}

/** The contracts by kind: components in the given order, the others by name. */
export function byKind(contracts: readonly Contract[], order: readonly string[]): Contracts {
  const named = new Map(contracts.filter((contract) => contract.kind === 'component').map((component) => [component.name, component]))
  return {
    components: order.flatMap((name) => named.get(name) ?? []),
    plans: contracts.filter((contract) => contract.kind === 'plan').sort(byName),
    resources: contracts.filter((contract) => contract.kind === 'resource').sort(byName),
    events: contracts.filter((contract) => contract.kind === 'event').sort(byName),
    beacons: contracts.filter((contract) => contract.kind === 'beacon').sort(byName),
    policies: contracts.filter((contract) => contract.kind === 'policy').sort(byName),
  }
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1
}
