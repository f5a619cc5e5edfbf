import type { FactOf, Seen } from '../fact.ts'

/** What the source says about itself. */
export interface BridgeNews {
  readonly verb: 'epoch' | 'gap'
  readonly cause: string
  readonly detail: string
  readonly from: number
  readonly to: number
}

/** The fact that tells it: that indexes start over, or that nobody followed the lists for a while. */
export function bridgeFact({ verb, cause, detail, from, to }: BridgeNews, source: Seen, mark: string, now: number): FactOf<'bridge'> {
  const observed = new Date(now).toISOString()
  return {
    event: 'bridge',
    verb,
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
