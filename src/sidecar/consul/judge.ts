import { flapEnds } from './flap.ts'
import { judgeGone, judgeSeen, judgeUnseen } from './judge-instance.ts'
import { judgeGoneMember, judgeMember, judgeMissing } from './judge-member.ts'
import { isOver, type Draft, type Judgement, type Moment, type Patience } from './moment.ts'
import type { Known, View } from './record.ts'

/** Tells what a view says beyond what is remembered; pure. Without proof it believes what the view shows and doubts what it lacks. */
export function judge(before: Known, after: View, moment: Moment): Judgement {
  const draft: Draft = { before, after, moment, facts: [], edits: [], instances: new Set(), members: new Set(), lost: new Set(), isDue: false }
  for (const [key, seen] of after.members) judgeMember(draft, key, seen)
  for (const [key, known] of before.member) if (!after.members.has(key)) judgeMissing(draft, key, known)
  for (const [key, gone] of before.goneMember) if (!after.members.has(key)) judgeGoneMember(draft, key, gone)
  for (const [key, seen] of after.instances) judgeSeen(draft, key, seen)
  for (const [key, known] of before.instance) if (!after.instances.has(key)) judgeUnseen(draft, key, known)
  for (const [key, gone] of before.gone) if (!after.instances.has(key)) judgeGone(draft, key, gone)
  forgetFlaps(draft)
  return { facts: draft.facts, edits: draft.edits, doubts: { instances: [...draft.instances], members: [...draft.members], isDue: draft.isDue } }
}

/** When something is due to be judged again without any news, by our clock; infinity when nothing is. */
export function nextDue(known: Known, { quiet, flapWindow }: Patience): number {
  let due = Infinity
  for (const { goneAt } of known.gone.values()) due = Math.min(due, goneAt + quiet)
  for (const { goneAt } of known.goneMember.values()) due = Math.min(due, goneAt + quiet)
  for (const flap of known.flap.values()) due = Math.min(due, flapEnds(flap, flapWindow))
  return due
}

/** The falls of something that is not there any more end with their window. */
function forgetFlaps({ before, after, moment, edits }: Draft): void {
  for (const [key, { falls }] of before.flap) {
    const isHere = after.instances.has(key) || before.gone.has(key)
    if (!isHere && falls.every((fall) => isOver(fall, moment.patience.flapWindow, moment.now))) edits.push({ kind: 'flap', key, value: null })
  }
}
