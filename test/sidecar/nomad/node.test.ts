import { describe, expect, it } from 'vitest'
import { judgeNode, judgeRemoval } from '../../../src/sidecar/nomad/judge-node.ts'
import type { NodeRecord } from '../../../src/sidecar/nomad/record.ts'
import { node } from './records.ts'

const message = (says: string, index: number): NodeRecord['messages'][number] => ({ says, index, at: '2026-11-21T09:10:11Z' })
const says = (before: NodeRecord | null, after: NodeRecord): string[] => judgeNode(before, after, { era: '' }).map(({ verb, verdict, mark }) => `${verb} ${verdict.cause} ${mark}`)

describe('a node', () => {
  it.each<{ what: string; before: Partial<NodeRecord> | null; after: Partial<NodeRecord>; want: string[] }>([
    { what: 'that nobody knew is registered', before: null, after: {}, want: ['registered registered 5'] },
    { what: 'that registered again says nothing', before: {}, after: { modified: 99 }, want: [] },
    { what: 'whose heartbeat is missed is down', before: {}, after: { status: 'down', missed: 40, messages: [message('Node heartbeat missed', 40)] }, want: ['down heartbeat 40'] },
    { what: 'that was down is up, by the same outage', before: { status: 'down', missed: 40 }, after: { missed: 0, messages: [message('Node reregistered by heartbeat', 52)] }, want: ['up heartbeat 40'] },
    { what: 'that passes through initializing is up once', before: { status: 'initializing', missed: 40 }, after: {}, want: ['up heartbeat 40'] },
    { what: 'with a group that may wait is disconnected', before: {}, after: { status: 'disconnected', missed: 41 }, want: ['disconnected heartbeat 41'] },
    { what: 'that was down between two looks is told as down and up', before: {}, after: { modified: 60, messages: [message('Node heartbeat missed', 40), message('Node reregistered by heartbeat', 52)] }, want: ['down heartbeat 40', 'up heartbeat 40'] },
    { what: 'that is drained is not told as ineligible besides', before: {}, after: { isDraining: true, drain: 'draining', drainStarted: '77', eligibility: 'ineligible' }, want: ['drain_started operator 77'] },
    { what: 'whose drain is over has drained', before: { isDraining: true, drainStarted: '77', eligibility: 'ineligible' }, after: { drain: 'complete', drainStarted: '77', eligibility: 'ineligible' }, want: ['drain_done drain 77'] },
    { what: 'whose drain was taken back says so', before: { isDraining: true, drainStarted: '77', eligibility: 'ineligible' }, after: { drain: 'canceled', drainStarted: '77', eligibility: 'ineligible' }, want: ['drain_cancelled operator 77'] },
    { what: 'that an operator closed is ineligible', before: {}, after: { eligibility: 'ineligible', messages: [message('Node marked as ineligible for scheduling', 44)] }, want: ['ineligible operator 44'] },
    { what: 'that refused too many plans is ineligible by them', before: {}, after: { eligibility: 'ineligible', messages: [message('Node marked as ineligible for scheduling due to multiple plan rejections', 45)] }, want: ['ineligible plan_rejections 45'] },
    { what: 'that was closed and opened between two looks is told as both', before: {}, after: { modified: 60, messages: [message('Node marked as ineligible for scheduling', 44), message('Node marked as eligible for scheduling', 46)] }, want: ['ineligible operator 44', 'eligible operator 46'] },
    { what: 'that was opened and closed again is told as both', before: { eligibility: 'ineligible' }, after: { modified: 60, eligibility: 'ineligible', messages: [message('Node marked as ineligible for scheduling', 14), message('Node marked as eligible for scheduling', 44), message('Node marked as ineligible for scheduling', 46)] }, want: ['eligible operator 44', 'ineligible operator 46'] },
    { what: 'that came back and went again between two looks is told as both', before: { status: 'down', missed: 14 }, after: { status: 'down', missed: 40, modified: 60, messages: [message('Node heartbeat missed', 40)] }, want: ['up heartbeat 14', 'down heartbeat 40'] },
    { what: 'that went from disconnected to down is away all the time', before: { status: 'disconnected', missed: 14 }, after: { status: 'down', missed: 14, modified: 60 }, want: ['down heartbeat 14'] },
  ])('$what', ({ before, after, want }) => {
    expect(says(before && node(before), node(after))).toEqual(want)
  })

  it('that two lists lack is removed, by inference', () => {
    expect(judgeRemoval(node(), 'purged', '')).toMatchObject({ verb: 'removed', verdict: { cause: 'purged', confidence: 'inferred' }, mark: '5' })
  })

  it('of another epoch has another mark', () => {
    expect(judgeNode(null, node(), { era: '#2' })[0]?.mark).toBe('5#2')
  })
})
