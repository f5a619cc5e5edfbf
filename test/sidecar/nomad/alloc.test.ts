import { describe, expect, it } from 'vitest'
import { inferEnd, judgeAlloc } from '../../../src/sidecar/nomad/judge-alloc.ts'
import { WHY } from '../../../src/sidecar/nomad/judge-replacement.ts'
import type { AllocRecord, NodeRecord } from '../../../src/sidecar/nomad/record.ts'
import { alloc, around, entry, node, remembered, task } from './records.ts'

const says = (before: AllocRecord | null, after: AllocRecord, allocs: readonly AllocRecord[] = [], nodes: readonly NodeRecord[] = []): string[] =>
  judgeAlloc(before && remembered(before), after, around(allocs, nodes)).map(({ verb, verdict }) => `${verb} ${verdict.cause}`)

describe('a replacement', () => {
  const fresh = alloc('a1', { client: 'pending', previous: 'p0', tasks: [], created: 30 })
  it.each<{ what: string; old: Partial<AllocRecord>; next?: Partial<AllocRecord>; nodes?: NodeRecord[]; want: string[] }>([
    { what: 'after a failure is a reschedule', old: { client: 'failed', desired: 'stop', why: WHY.rescheduled }, next: { tracked: 'p0' }, want: ['placed failure', 'rescheduled failure'] },
    { what: 'on a job update is no incident, though it is linked all the same', old: { desired: 'stop', why: WHY.updating }, want: ['placed update'] },
    { what: 'that somebody asked for is a migration', old: { desired: 'stop', isMigrating: true, why: WHY.migrating }, want: ['placed operator', 'migrated operator'] },
    { what: 'of a drained node is a migration by the drain', old: { desired: 'stop', isMigrating: true, why: WHY.migrating }, nodes: [node({ isDraining: true })], want: ['placed drain', 'migrated drain'] },
    { what: 'for a lost one is a reschedule because of the node', old: { client: 'lost', desired: 'stop' }, want: ['placed node_lost', 'rescheduled node_lost'] },
    { what: 'for a disconnected one is a reschedule because of the node', old: { client: 'unknown' }, want: ['placed node_disconnected', 'rescheduled node_disconnected'] },
    { what: 'of a victim is a reschedule by preemption', old: { desired: 'evict', preemptedBy: 'b1' }, want: ['placed preemption', 'rescheduled preemption'] },
    { what: 'that an operator forced is a migration', old: { client: 'failed', desired: 'stop', isForced: true, why: WHY.rescheduled }, next: { tracked: 'p0' }, want: ['placed operator', 'migrated operator'] },
  ])('$what', ({ old, next = {}, nodes = [], want }) => {
    expect(says(null, { ...fresh, ...next }, [alloc('p0', old)], nodes)).toEqual(want)
  })

  it('whose old one nobody knows is judged by its own tracker alone', () => {
    expect(says(null, { ...fresh, tracked: 'p0' })).toEqual(['placed failure', 'rescheduled failure'])
    expect(says(null, fresh)).toEqual(['placed unknown'])
  })
})

describe('an allocation', () => {
  const running = alloc('a1')
  it.each<{ what: string; change: Partial<AllocRecord>; want: string[] }>([
    { what: 'that is lost with its node is lost', change: { client: 'lost', desired: 'stop', why: 'alloc is lost since its node is down' }, want: ['lost node_lost'] },
    { what: 'whose node is away is disconnected', change: { client: 'unknown', followup: 'e7' }, want: ['disconnected node_disconnected'] },
    { what: 'that was stopped by an update is stopped, not failed', change: { client: 'complete', desired: 'stop', why: WHY.updating }, want: ['stopped update'] },
    { what: 'that ended by itself is complete', change: { client: 'complete' }, want: ['stopped completed'] },
    { what: 'that failed has failed', change: { client: 'failed', says: 'Failed tasks' }, want: ['failed failure'] },
    { what: 'that has to go for another is preempted', change: { desired: 'evict', preemptedBy: 'b1' }, want: ['preempted preemption'] },
    { what: 'that failed and waits is delayed too', change: { client: 'failed', followup: 'e8' }, want: ['failed failure', 'reschedule_delayed backoff'] },
    { what: 'that failed and finds no place is delayed without an end', change: { client: 'failed', attempt: 'no placement' }, want: ['failed failure', 'reschedule_delayed no_placement'] },
    { what: 'of which only the bookkeeping changed says nothing', change: { modified: 99, deployment: 'd1' }, want: [] },
  ])('$what', ({ change, want }) => {
    expect(says(running, { ...running, ...change })).toEqual(want)
  })

  it('tells nothing twice', () => {
    const failed = { ...running, client: 'failed', followup: 'e8' }
    expect(says(failed, { ...failed, modified: 50 })).toEqual([])
  })

  it('that comes back from a disconnect names the same outage', () => {
    const away = { ...running, client: 'unknown', followup: 'e7' }
    const [gone] = judgeAlloc(remembered(running), away, around())
    const [back] = judgeAlloc(remembered(away), { ...running, followup: '' }, around())
    expect([gone?.verb, back?.verb]).toEqual(['disconnected', 'reconnected'])
    expect(back?.mark).toBe(gone?.mark)
  })

  it('that stays away too long is timed out', () => {
    const away = { ...running, client: 'unknown', followup: 'e7' }
    expect(says(away, { ...away, client: 'lost' })).toEqual(['timed_out node_disconnected'])
  })

  it('counts restarts by the counter, and says how many it did not see', () => {
    const history = [entry('Started', 1), entry('Terminated', 2, { code: 3 }), entry('Restarting', 2, { says: 'Restart within policy' })]
    const [found] = judgeAlloc(remembered(running), { ...running, tasks: [task(history, { restarts: 4 })] }, around())
    expect(found).toMatchObject({ verb: 'restarted', coalesced: 3, mark: '4', verdict: { cause: 'policy', exitCode: 3 } })
  })

  it('that a health check restarted says so', () => {
    const history = [entry('Started', 1), entry('Restart Signaled', 2, { says: 'healthcheck: check "alive" unhealthy' }), entry('Terminated', 3, { code: 0, signal: 15 }), entry('Restarting', 3)]
    expect(says(running, { ...running, tasks: [task(history, { restarts: 1 })] })).toEqual(['restarted unhealthy'])
  })

  it('of a purged job ended, as far as can be inferred, and without an exit code', () => {
    expect(inferEnd(remembered(running), 'purged')).toMatchObject([{ verb: 'stopped', verdict: { cause: 'purged', confidence: 'inferred', exitCode: null }, change: { from: 'running', to: null } }])
    expect(inferEnd(remembered({ ...running, client: 'complete' }), 'purged')).toEqual([])
  })
})
