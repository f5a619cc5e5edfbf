import type { FactOf, Seen } from '../fact.ts'

/** How the servers went back in time. */
export interface EpochNews {
  readonly cause: string
  readonly detail: string
  readonly from: number
  readonly to: number
}

/** The fact that indexes start over; `mark` is unlike that of any other of this run. */
export function epochFact({ cause, detail, from, to }: EpochNews, source: Seen, mark: string, now: number): FactOf<'bridge'> {
  const observed = new Date(now).toISOString()
  return {
    event: 'bridge',
    verb: 'epoch',
    subject: { source: source.name },
    verdict: { cause, detail },
    change: { from, to, count: 0 },
    links: { ids: [] },
    mark,
    origin: 'self',
    source,
    time: { occurred: observed, observed, clock: 'sidecar' },
    settled: true,
    coalesced: 0,
    evidence: [],
  }
}
