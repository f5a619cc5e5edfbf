import { lineOf, moment, type Moment } from '../faults/facts.ts'
import { plays, type Play } from '../faults/plays.ts'
import { containerName, containerState } from '../node/container.ts'
import { Failure } from '../run/failure.ts'
import { say, seconds } from '../run/progress.ts'
import { readTopology } from '../topology.ts'
import { readArguments } from './arguments.ts'

/** How long an event may take: a silent client is down when its heartbeat is. */
const PATIENCE_SECONDS = 90

/** Plays faults on a running lab and shows what Eos says of each. */
export async function demo(args: readonly string[]): Promise<number> {
  const [what, ...rest] = args
  const given = readArguments('demo events', rest, [], ['topology'])
  if (what !== 'events') throw new Failure(`demo got ${what ?? 'nothing'}; expected events`, 'npm run lab -- demo events', 2)
  const { master } = await readTopology(given.value('topology') ?? 'one')
  if ((await containerState(containerName(master))) !== 'running') {
    throw new Failure(`the lab is not up: there is no running container ${containerName(master)}`, 'npm run lab')
  }
  let missing = 0
  for (const play of plays) missing += await watch(master, play)
  say(missing === 0 ? 'every event came; the stack is as before' : `${missing} events did not come; see above, and salt-run eos.bridge`)
  return missing === 0 ? 0 : 1
}

/** Does one thing and tells the events as they come; returns how many did not. */
async function watch(master: string, { title, act, expected }: Play): Promise<number> {
  say(`• ${title}`)
  const since = await moment(master)
  await act(master)
  const done = Date.now()
  const came = await Promise.all(expected.map((one) => tell(master, since, one, done)))
  return came.filter((hasCome) => !hasCome).length
}

async function tell(master: string, since: Moment, { what, isMeant }: Play['expected'][number], done: number): Promise<boolean> {
  try {
    const found = await since.until(what, isMeant, PATIENCE_SECONDS)
    say(`    ${await lineOf(master, found)}  (${seconds(done)} later)`)
    return true
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown
    say(`    missing: ${thrown.message}`)
    return false
  }
}
