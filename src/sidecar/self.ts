import { randomBytes } from './crypto.ts'
import type { FactOf, Json } from './fact.ts'
import type { Log } from './log.ts'
import { messageOf } from './refusal.ts'
import type { Journal } from './source.ts'

type Bridge = FactOf<'bridge'>

/** What the sidecar says about itself; what is left out is empty. */
export interface Note {
  readonly verb: Bridge['verb']
  /** Source it is about; `bridge` for the sidecar itself. */
  readonly source: string
  readonly cause: string
  readonly detail?: string
  readonly from?: number | null
  readonly to?: number | null
  readonly count?: number
  readonly ids?: readonly string[]
  /** What the next run is to know, written together with the note. */
  readonly keep?: Json
}

/** Notes that wait for a refusing disk; more are only logged. */
const WAITING = 100

/** Turns notes into facts of the event `bridge`; each is its own occurrence, numbered within this run of the process. */
export function selfWriter(journal: Journal, instance: string, log: Log): (note: Note) => void {
  const run = `${instance}-${randomBytes(4).toString('hex')}`
  let number = 0
  let waiting = 0
  return (note) => {
    if (waiting >= WAITING) return log('warning', 'the journal waits; this note about the bridge is not written', { verb: note.verb, source: note.source, cause: note.cause })
    number += 1
    waiting += 1
    journal
      .commit({ source: 'bridge', facts: [factOf(note, `${run}:${number}`, run)], puts: [], deletes: [], ...(note.keep === undefined ? {} : { cursor: note.keep }) })
      .catch((thrown: unknown) => log('error', messageOf(thrown), { verb: note.verb }))
      .finally(() => {
        waiting -= 1
      })
  }
}

function factOf({ verb, source, cause, detail = '', from = null, to = null, count = 0, ids = [] }: Note, mark: string, run: string): Bridge {
  const observed = new Date().toISOString()
  return {
    event: 'bridge',
    verb,
    subject: { source },
    verdict: { cause, detail: detail.slice(0, 1000) },
    change: { from, to, count },
    links: { ids: ids.slice(0, 10) },
    mark,
    origin: 'self',
    source: { kind: 'bridge', name: 'bridge', epoch: run, index: 0 },
    time: { occurred: observed, observed, clock: 'sidecar' },
    settled: true,
    coalesced: 0,
    evidence: [],
  }
}
