import type { Desk, Taken } from './desk.ts'
import { rest } from './desk.ts'
import { isMass, standingOf } from './guard.ts'
import type { Line } from './line.ts'
import { Hindered, type Reader } from './reader.ts'
import type { View } from './record.ts'
import { identify, survey, surveyIndexes, surveyView, united, type Survey } from './survey.ts'

/** What a proof needs of its surroundings. */
export interface Court {
  readonly reader: Reader
  readonly line: Line
  readonly desk: Desk
  /** Milliseconds between a first look and a second one. */
  readonly pause: number
  /** Milliseconds between two looks for services without checks that share their name with others. */
  readonly audit: number
  readonly signal: AbortSignal
}

/** Why a proof is wanted. */
export interface Suspicion {
  readonly origin: Taken['origin']
  /** The servers let go of a question that had nothing new to tell, as they do when a snapshot is restored. */
  readonly mayBeRestored: boolean
  /** Nothing is known yet of services without checks that share their name with others. */
  readonly isWhole: boolean
}

/** A view whose absences count, and what it was read from. */
export interface Proof {
  readonly view: View
  readonly survey: Survey
  readonly taken: Taken
}

/**
 * Reads the whole catalogue consistently and then asks who we are: a token that is still the expected one was it while we read. Where
 * most of the catalogue is missing, or the servers went back in time, a second look through another agent must agree.
 */
export async function prove(court: Court, { origin, mayBeRestored, isWhole }: Suspicion): Promise<Proof> {
  const { desk, line } = court
  const first = await look(court, line.address, isWhole)
  const isOlder = desk.isOlder(surveyIndexes(first.survey))
  const { doubts } = desk.look(surveyView(first.survey), takenOf(first.survey, '', origin, isOlder, false))
  const isReverted = isOlder || (mayBeRestored && doubts.instances.length + doubts.members.length > 0)
  const taken = takenOf(first.survey, first.accessor, origin, isReverted)
  if (!isReverted && !isMass(desk.known, doubts)) return { view: surveyView(first.survey), survey: first.survey, taken }
  await rest(court.pause, court.signal)
  const second = await lookAgain(court, isWhole)
  if (isOlder && !desk.isOlder(surveyIndexes(second.survey))) {
    throw new Hindered('stale', `${first.survey.address} answered with older indexes than ${second.survey.address}; expected the same cluster; nothing is concluded`)
  }
  const view = united(surveyView(first.survey), surveyView(second.survey))
  const proof = [...(taken.proof ?? []), `second:${hostOf(second.survey.address)}`]
  if (isReverted) line.reset()
  return { view, survey: second.survey, taken: { ...takenOf(second.survey, second.accessor, isReverted ? 'resync' : origin, isReverted), proof } }
}

/** Reads everything, then checks that the token that read it is the one that is known; a new one must read everything itself. */
async function look(court: Court, address: string, isWhole: boolean): Promise<{ readonly survey: Survey; readonly accessor: string }> {
  const { reader, desk } = court
  const token = reader.token()
  const read = await survey(reader, address, desk.known, isWhole)
  const found = await identify(reader, address)
  if (reader.token() !== token) throw new Hindered('auth', 'the token file changed while the catalogue was read; it is read again')
  const standing = standingOf(desk.cursor.identity, found)
  if (desk.cursor.identity === null || standing !== 'expected') await desk.adopt(found)
  if (standing === 'changed') throw new Hindered('auth', `acl/token/self answers with accessor ${found.accessor}; expected the one before; nothing that is missing counts until it answers so again`)
  return standing === 'rotated' ? look(court, address, isWhole) : { survey: read, accessor: found.accessor }
}

/** Looks through another agent; where that one cannot be reached, once more through this one, for which the servers vouch with a quorum. */
async function lookAgain(court: Court, isWhole: boolean): ReturnType<typeof look> {
  const { line } = court
  try {
    return await look(court, line.other, isWhole)
  } catch (thrown) {
    if (thrown instanceof Hindered && thrown.cause === 'unreachable' && line.other !== line.address) return look(court, line.address, isWhole)
    throw thrown
  }
}

function takenOf(read: Survey, accessor: string, origin: Taken['origin'], isReverted: boolean, isProof = true): Taken {
  const { checks, names, nodes, address } = read
  const evidence = [`consul:checks:${checks.index}`, `consul:nodes:${nodes.index}`]
  const proof = [...evidence, `consul:services:${names.index}`, `consistent:${hostOf(address)}`, `accessor:${accessor}`, `leader_contact:${Math.max(checks.lastContact, nodes.lastContact)}ms`]
  return { origin, indexes: surveyIndexes(read), proof: isProof ? proof : null, evidence, isReverted, server: hostOf(address) }
}

/** Host and port of an address, as evidence and messages name it. */
export function hostOf(address: string): string {
  return URL.canParse(address) ? new URL(address).host : address
}
