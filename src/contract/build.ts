import { byKind, runChecks, type Check } from './check.ts'
import { checkShape } from './check-shape.ts'
import { needsOrder } from './order.ts'
import type { Places } from './places.ts'
import type { Problem } from './problem.ts'
import type { Contract, Contracts } from './types.ts'

/** The checked contracts, or what is wrong with them. */
export interface Built {
  readonly contracts: Contracts
  readonly problems: readonly Problem[]
}

/** What the reader hands over. */
export interface Declared {
  readonly contracts: readonly Contract[]
  readonly places: Places
  readonly unread: readonly string[]
}

/** Proves the shape of every contract, then runs the checks; the order is empty of whatever is in a cycle. */
export function buildContracts({ contracts, places, unread }: Declared, checks: readonly Check[]): Built {
  const shape = runChecks([checkShape], contracts, places)
  if (shape.length > 0) return { contracts: { components: [], plans: [], resources: [], events: [], beacons: [], policies: [] }, problems: shape }
  const problems = runChecks(checks, contracts, places, unread)
  const components = contracts.filter((contract) => contract.kind === 'component')
  return { contracts: byKind(contracts, needsOrder(components)), problems }
}
