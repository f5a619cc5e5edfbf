import type { NomadService } from '../../events/nomad/service.ts'
import type { Around, FindingOf, Moment } from './finding.ts'
import { isTerminal, type ServiceRecord } from './record.ts'

type ServiceFinding = FindingOf<'nomad/service'>

/** Judges an instance of a native service that stands in the catalogue; one that is only written again is silent. */
export function judgeService(before: ServiceRecord | null, after: ServiceRecord, moment: Pick<Moment, 'era'>): ServiceFinding[] {
  if (before !== null && before.created === after.created) return []
  // One that was removed and came back between two looks ended too.
  const ended = before === null ? [] : [findingOf(before, 'deregistered', 'missing', 'inferred', moment.era)]
  return [...ended, findingOf(after, 'registered', 'new', 'proved', moment.era)]
}

/** Judges an instance that is gone, by its last record. */
export function judgeServiceEnd(last: ServiceRecord, why: 'event' | 'missing' | 'reverted', around: Around, moment: Pick<Moment, 'era'>): ServiceFinding {
  if (why !== 'event') return findingOf(last, 'deregistered', why, 'inferred', moment.era)
  const alloc = around.alloc(last.alloc)
  const isEnding = alloc !== undefined && (alloc.desired !== 'run' || isTerminal(alloc.client))
  const isNodeGone = around.node(last.node)?.status === 'down'
  return findingOf(last, 'deregistered', isNodeGone ? 'node' : isEnding ? 'allocation' : 'client', 'proved', moment.era)
}

function findingOf(record: ServiceRecord, verb: NomadService['verb'], cause: NomadService['verdict']['cause'], confidence: 'proved' | 'inferred', era: string): ServiceFinding {
  const { namespace, name, id, job, address, port, alloc, node, tags, created } = record
  return {
    event: 'nomad/service',
    verb,
    subject: { namespace, service: name, instance: id, job },
    verdict: { cause, confidence, detail: tags },
    change: { address, port },
    links: { alloc, nodeId: node },
    mark: `${created}${era}`,
    settled: true,
    coalesced: 0,
    occurred: null,
    clock: 'server',
  }
}
