import type { Note } from './self.ts'
import type { Standing } from './source.ts'

interface Known {
  readonly isConnected: boolean
  readonly degraded: string | null
  readonly since: number
  /** It was told that this lasts. */
  readonly isDown: boolean
}

/** What one look at the standings leads to. */
export interface Looked {
  readonly known: ReadonlyMap<string, Known>
  readonly notes: readonly Note[]
}

/** Compares the standings with the last look: a source that became ready, became degraded, stays so for `patience` milliseconds or recovered is told; pure. */
export function lookAtStandings(before: ReadonlyMap<string, Known>, standings: readonly Standing[], now: number, patience: number): Looked {
  const known = new Map<string, Known>()
  const notes: Note[] = []
  for (const { name, isReady, degraded, index } of standings) {
    const was = before.get(name) ?? { isConnected: false, degraded: null, since: now, isDown: false }
    const isConnected = was.isConnected || (isReady && degraded === null)
    const since = degraded !== null && was.degraded === null ? now : was.since
    const seconds = Math.round((now - since) / 1000)
    const isDown = degraded !== null && (was.isDown || (was.degraded !== null && now - since >= patience))
    if (isConnected && !was.isConnected) notes.push({ verb: 'connected', source: name, cause: 'start', to: index })
    // One outage has one cause; its words may change with every attempt, such as the server that was asked.
    if (degraded !== null && (was.degraded === null || parts(degraded).cause !== parts(was.degraded).cause)) notes.push({ verb: 'degraded', source: name, ...parts(degraded), from: index })
    if (degraded !== null && isDown && !was.isDown) notes.push({ verb: 'down', source: name, ...parts(degraded), from: index, count: seconds })
    if (degraded === null && was.degraded !== null) {
      notes.push({ verb: 'recovered', source: name, cause: parts(was.degraded).cause, detail: `after ${seconds} s`, to: index })
    }
    known.set(name, { isConnected, degraded, since, isDown })
  }
  return { known, notes }
}

/** `auth: the token was refused` has its cause in front; without one the cause is `source`. */
function parts(degraded: string): { readonly cause: string; readonly detail: string } {
  const [, cause, detail] = /^([a-z][a-z_]*): (.*)$/s.exec(degraded) ?? []
  return { cause: cause ?? 'source', detail: detail ?? degraded }
}
