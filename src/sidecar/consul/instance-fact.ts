import type { FactOf } from '../fact.ts'
import { heldFor, markOf, type Draft } from './moment.ts'
import { memberKey, type Health, type Instance } from './record.ts'

type Service = FactOf<'consul/service'>

/** What is told about an instance; what is left out is as usual. */
export interface InstanceNews {
  readonly instance: Instance
  readonly verb: Service['verb']
  readonly cause: Service['verdict']['cause']
  readonly confidence?: Service['verdict']['confidence']
  readonly from: Health | null
  readonly to: Health | null
  readonly since?: number | null
  /** When the health `from` ended; now when left out. */
  readonly until?: number
  readonly index: number
  readonly falls?: number
  readonly isSettled?: boolean
  readonly coalesced?: number
}

/** The fact that tells it. */
export function instanceFact(draft: Draft, news: InstanceNews): Service {
  const { moment } = draft
  const { node, id, name, partition, namespace } = news.instance
  const isAbsence = news.verb === 'deregistered'
  return {
    event: 'consul/service',
    verb: news.verb,
    subject: { datacenter: moment.datacenter, partition, namespace, service: name, instance: id, node },
    verdict: { cause: news.cause, confidence: news.confidence ?? 'proved', reachable: isReachable(draft, news.instance) },
    change: {
      from: news.from,
      to: news.to,
      held: heldFor(news.since ?? null, news.until ?? moment.now),
      quiet: isAbsence ? Math.round(moment.patience.quiet / 1000) : null,
      falls: news.falls ?? 0,
      window: Math.round(moment.patience.flapWindow / 1000),
    },
    links: { alloc: allocOf(id) },
    mark: namespace === 'default' ? markOf(moment, news.index) : `${namespace}:${markOf(moment, news.index)}`,
    origin: moment.origin,
    source: moment.source,
    // Consul's catalogue keeps no time of any change.
    time: { occurred: null, observed: new Date(moment.now).toISOString(), clock: 'sidecar' },
    settled: news.isSettled ?? true,
    coalesced: news.coalesced ?? 0,
    evidence: isAbsence ? (moment.proof ?? moment.evidence) : moment.evidence,
  }
}

/** The Nomad allocation in the id of an instance that Nomad registered; null for any other. */
export function allocOf(id: string): string | null {
  return /^_nomad-task-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-/.exec(id)?.[1] ?? null
}

function isReachable({ before, after }: Draft, instance: Instance): boolean {
  const key = memberKey(instance)
  return (after.members.get(key) ?? before.member.get(key))?.agent !== 'critical'
}
