import { lineOf } from '../faults/facts.ts'
import { clearPlays, plays, type Play } from '../faults/plays.ts'
import { delayOf, shownDelay, Witness, type Seen } from '../faults/witness.ts'
import { containerName, containerState } from '../node/container.ts'
import { Failure } from '../run/failure.ts'
import { say } from '../run/progress.ts'
import { readTopology } from '../topology.ts'
import { readArguments } from './arguments.ts'
import { demoHeal } from './demo-heal.ts'

/** How long an event may take: a silent client is down when its heartbeat is. */
const PATIENCE_SECONDS = 90

/** Plays faults on a running lab and shows what Eos says of each. */
export async function demo(args: readonly string[]): Promise<number> {
  const [what, ...rest] = args
  const given = readArguments('demo', rest, [], ['topology'])
  if (what !== 'events' && what !== 'heal') throw new Failure(`demo got ${what ?? 'nothing'}; expected events or heal`, 'npm run lab -- demo events', 2)
  const { master } = await readTopology(given.value('topology') ?? 'one')
  if ((await containerState(containerName(master))) !== 'running') {
    throw new Failure(`the lab is not up: there is no running container ${containerName(master)}`, 'npm run lab')
  }
  if (what === 'heal') return demoHeal(master)
  await clearPlays(master)
  const witness = await Witness.of(master)
  let missing = 0
  try {
    for (const play of plays) missing += await watch(master, witness, play)
  } finally {
    await Promise.all([witness.end(), clearPlays(master)])
  }
  say(missing === 0 ? 'every event came; the stack is as before' : `${missing} events did not come; see above, and salt-run eos.bridge`)
  return missing === 0 ? 0 : 1
}

/** Does one thing and tells the events as they come; returns how many did not. */
async function watch(master: string, witness: Witness, { title, act, expected }: Play): Promise<number> {
  say(`• ${title}`)
  const from = witness.count
  const begun = Date.now()
  await act(master)
  const coming = expected.map(({ what, isMeant }) => told(master, witness.until(what, isMeant, from, PATIENCE_SECONDS), begun))
  let missing = 0
  // Asked for all at once, shown in the order in which they happen.
  for (const { line, hasCome } of await Promise.all(coming)) {
    say(`    ${line}`)
    if (!hasCome) missing += 1
  }
  return missing
}

async function told(master: string, coming: Promise<Seen>, begun: number): Promise<{ readonly line: string; readonly hasCome: boolean }> {
  try {
    const seen = await coming
    return { line: `${await lineOf(master, seen.event)}  (${shownDelay(delayOf(seen, begun))})`, hasCome: true }
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown
    return { line: `missing: ${thrown.message}`, hasCome: false }
  }
}
