import type { Answer } from './answer.ts'
import type { Doubts } from './moment.ts'
import type { Known } from './record.ts'
import { memberKey } from './record.ts'

/** Milliseconds that a server may be behind the leader and still be believed. */
const LAST_CONTACT = 5000
/** More than this many objects, and more than this share of them, do not vanish at once without a second look. */
const MASS = { count: 10, share: 0.3 } as const

/** Why an answer is not to be concluded from. */
export type Distrust = { readonly cause: 'filtered' | 'stale' | 'auth'; readonly detail: string }

/** Finds the reason not to believe an answer: it is partial, or from a server that lost the others. */
export function distrust({ path, isFiltered, hasLeader, lastContact, consistency }: Answer): Distrust | null {
  if (isFiltered) return { cause: 'filtered', detail: `the token may not see all of ${path}; expected a whole answer; give it node_prefix "" and service_prefix "" read` }
  if (!hasLeader) return { cause: 'stale', detail: `the server that answered ${path} knows no leader; nothing is concluded from it` }
  if (consistency === 'stale' && lastContact > LAST_CONTACT) return { cause: 'stale', detail: `the server that answered ${path} heard of its leader ${lastContact} ms ago; expected at most ${LAST_CONTACT}` }
  return null
}

/** Says that so much is missing that a single answer is no proof, whoever gave it. */
export function isMass({ instance, member }: Known, { instances, members }: Doubts): boolean {
  const missing = new Set(members)
  const carried = [...instance.values()].filter((one) => missing.has(memberKey(one))).length
  return isMost(instances.length + carried, instance.size) || isMost(members.length, member.size)
}

function isMost(missing: number, all: number): boolean {
  return missing > Math.max(MASS.count, MASS.share * all)
}

/** Who the token of a file turned out to be. */
export interface Identity {
  readonly accessor: string
  /** A digest of the token: tells a new token from a new answer about the old one. */
  readonly digest: string
}

/** What the answer of `acl/token/self` means for absences that were read before it was asked. */
export type Standing = 'expected' | 'rotated' | 'changed'

/** The accessor without a token: whoever reads as this sees nothing, and is not told so. */
export const ANONYMOUS = '00000000-0000-0000-0000-000000000002'

/** Compares who we are with who we were: only an expected accessor proves that what we cannot see is not there. */
export function standingOf(expected: Identity | null, found: Identity): Standing {
  if (expected === null || (expected.accessor === found.accessor && expected.digest === found.digest)) return 'expected'
  return expected.digest === found.digest ? 'changed' : 'rotated'
}

/** The highest index that each list was read at. */
export interface Indexes {
  readonly checks: number
  readonly names: number
  readonly nodes: number
}

/** Says that the servers went back in time: a list that the leader vouches for is older than one we had. */
export function wentBack(before: Indexes, after: Indexes): boolean {
  return after.checks < before.checks || after.names < before.names || after.nodes < before.nodes
}

/** The index to ask with next: 0 after a step back or a failure, and never 0 for a list that was answered with it. */
export function nextIndex(asked: number, answered: number): number {
  if (answered < asked) return 0
  return Math.max(answered, 1)
}
