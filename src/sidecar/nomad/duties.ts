import { setTimeout as pause } from 'node:timers/promises'
import { IntakeError } from '../intake/intake-error.ts'
import { messageOf } from '../refusal.ts'
import { audit } from './audit.ts'
import { epochWatch } from './epoch-watch.ts'
import type { Region } from './region.ts'
import { openStream, SessionOver, type Patience } from './session.ts'
import { checkToken, namespacesChanged, settleBlocked } from './watches.ts'

/** Milliseconds between two looks for what is due. */
const TICK = 500
/** Milliseconds between two looks at the indexes of the lists. */
const GLANCE = 1000

/** How often what is done, and what the namespaces were when the stream was opened. */
export interface Schedule extends Patience {
  readonly audit: number
  readonly tokenCheck: number
  readonly namespaces: { readonly names: string; readonly index: number }
}

/** Does what is due beside an open stream; never resolves, and rejects when the stream must be opened anew. */
export function attend(region: Region, schedule: Schedule, stop: AbortSignal): Promise<never> {
  return new Promise<never>((_, reject) => {
    const every = (milliseconds: number, work: () => Promise<void>): void => {
      repeat(milliseconds, work, stop).catch((thrown: unknown) => {
        if (!stop.aborted) reject(thrown)
      })
    }
    void namespacesChanged(region.api, schedule.namespaces, stop).then(() => {
      if (!stop.aborted) reject(new SessionOver('namespace', 'a namespace came or went'))
    })
    every(TICK, () => region.exclusive(() => settleBlocked(region)))
    every(schedule.tokenCheck, () => forgiving(region, 'the token could not be checked', () => checkToken(region.api)))
    const watch = epochWatch(region, stop)
    every(Math.min(schedule.audit, GLANCE), () => forgiving(region, 'the lists were not looked at', watch))
    every(schedule.audit, () => forgiving(region, 'an audit failed', () => audit(region, () => proveRights(region, schedule), stop)))
  })
}

async function repeat(milliseconds: number, work: () => Promise<void>, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    await pause(milliseconds, undefined, { signal: stop })
    await work()
  }
}

/** A server that cannot answer proves nothing: only a missing right, or what was found, ends the stream. */
async function forgiving(region: Region, what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (thrown) {
    if (!(thrown instanceof IntakeError)) throw thrown
    region.log('warning', `${what}: ${messageOf(thrown)}`, { server: region.api.address })
  }
}

/** A stream over everything that shows a sign of life proves that the token hides nothing. */
async function proveRights(region: Region, patience: Patience): Promise<void> {
  const handle = await openStream(region, patience)
  handle.close()
}
