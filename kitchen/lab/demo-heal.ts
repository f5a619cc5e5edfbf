import { HealWitness } from '../faults/heal-witness.ts'
import { clearHealing, readyForHealing, type HealPlay } from '../faults/heal-plays.ts'
import { lineOf } from '../faults/facts.ts'
import type { Line } from '../faults/healing.ts'
import { Witness } from '../faults/witness.ts'
import { Failure } from '../run/failure.ts'
import { patiently, say, step } from '../run/progress.ts'

/** How long each step may take: Nomad and Consul are given their time first. */
const PATIENCE_SECONDS = 150

/** Plays five faults and shows what becomes of each: event, incident, decision, action, verified. */
export async function demoHeal(master: string): Promise<number> {
  say('five faults, about five minutes; until it ends the pillar says what this show needs below eos:heal, with more acts and shorter pauses than a stack has')
  const { before, plays } = await step('starting the jobs of the show, and waiting until the healer has read its pillar', () => readyForHealing(master))
  const [events, healer] = await Promise.all([Witness.of(master), HealWitness.of(master)])
  let missing = 0
  try {
    for (const play of plays) missing += (await isShown(master, events, healer, play)) ? 0 : 1
  } finally {
    await Promise.all([events.end(), healer.end()])
    await step('putting the pillar back, and waiting until the healer has read it', () => clearHealing(master, before))
  }
  say(missing === 0 ? 'every fault came to its end; the stack and its pillar are as before' : `${missing} of ${plays.length} faults did not come to their end; see above, and salt-run eos.incidents open=True`)
  return missing === 0 ? 0 : 1
}

async function isShown(master: string, events: Witness, healer: HealWitness, play: HealPlay): Promise<boolean> {
  say(`• ${play.title}`)
  const from = { event: events.count, line: healer.count }
  const begun = Date.now()
  try {
    await patiently(play.waits ?? 'the fault to be brought about', () => play.act(master))
    const faulted = Date.now()
    tell(begun, 'fault', faulted - begun > 5000 ? 'done, after what had to be waited for' : 'done')
    const { event } = await patiently(play.event.what, () => events.until(play.event.what, play.event.isMeant, from.event, PATIENCE_SECONDS))
    tell(begun, 'event', (await lineOf(master, event)).replace(/^\S+ /, '').replace('; not settled]', ']'), Date.parse(event.time.observed))
    await follow(healer, play, from.line, begun)
    return true
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown
    tell(begun, 'missing', thrown.message)
    return false
  }
}

async function follow(healer: HealWitness, play: HealPlay, from: number, begun: number): Promise<void> {
  const isOurs = ({ body }: Line): boolean => body['policy'] === play.policy && JSON.stringify(body).includes(play.about)
  const next = (what: string, isMeant: (one: Line) => boolean): Promise<Line> => patiently(what, () => healer.until(what, isMeant, from, PATIENCE_SECONDS))
  const first = await next(`an incident of ${play.policy}`, (one) => isOurs(one) && typeof one.body['incident'] === 'string')
  const incident = first.body['incident']
  tell(begun, 'incident', `${String(incident)} of ${play.policy}${first.kind === 'opened' ? '' : ', taken up again'}`, first.at * 1000)
  if (play.ends === 'noted') {
    const note = await next(`a note of ${String(incident)}`, (one) => one.body['incident'] === incident && (one.kind === 'note' || isHeldBack(one)))
    tell(begun, 'decision', isHeldBack(note) ? `it waits: ${lastCheck(note)}` : `${actOf(note)}: ${String(note.body['says'] ?? '')}`, note.at * 1000)
    tell(begun, 'action', 'none outside of the healer: it is told, and a person decides', note.at * 1000)
    return
  }
  const decided = await next(`a decision on ${String(incident)}`, (one) => one.kind === 'decided' && one.body['incident'] === incident && typeof one.body['policy'] === 'string')
  const { decision } = decided.body
  tell(begun, 'decision', `${String(decided.body['action'])}, ${checksOf(decided).length} checks passed: ${String(decision)}`, decided.at * 1000)
  const acted = await next(`the act of ${String(decision)}`, (one) => one.body['decision'] === decision && (one.kind === 'acted' || one.kind === 'result'))
  if (acted.body['begun'] === false) throw new Failure(`decision ${String(decision)} did not come to its act: ${String(acted.body['says'])}`, `salt-run eos.explain ${String(decision)}`)
  tell(begun, 'action', String(acted.body['says']), acted.at * 1000)
  const result = await next(`the result of ${String(decision)}`, (one) => one.kind === 'result' && one.body['decision'] === decision)
  if (result.body['ok'] !== true) throw new Failure(`decision ${String(decision)}: ${String(result.body['says'])}`, `salt-run eos.explain ${String(decision)}`)
  tell(begun, 'verified', String(result.body['says']).split('; ').at(-1) ?? '', result.at * 1000)
}

/** Prints one step with the seconds since the fault began, by the clock of whoever tells it. */
function tell(begun: number, step: string, text: string, at = Date.now()): void {
  const seconds = (at - begun) / 1000
  say(`    ${seconds.toFixed(1).padStart(6)} s  ${step.padEnd(9)} ${text}`)
}

/** It was proposed lately, and is not proposed again. */
function isHeldBack(line: Line): boolean {
  return line.kind === 'waits' && checksOf(line).at(-1)?.name === 'cool_down'
}

function lastCheck(line: Line): string {
  return checksOf(line).at(-1)?.says ?? ''
}

function checksOf({ body }: Line): readonly { readonly name: string; readonly says: string }[] {
  const { checks } = body
  return Array.isArray(checks) ? checks : []
}

function actOf({ body }: Line): string {
  const { act } = body
  return typeof act === 'object' && act !== null && 'do' in act ? String(act.do) : 'noted'
}
