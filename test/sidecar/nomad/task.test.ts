import { describe, expect, it } from 'vitest'
import { judgeTasks } from '../../../src/sidecar/nomad/judge-task.ts'
import type { TaskEvent, TaskRecord } from '../../../src/sidecar/nomad/record.ts'
import { alloc, at, entry, remembered, task } from './records.ts'

const running = alloc('a1')
const judged = (events: readonly TaskEvent[], more: Partial<TaskRecord> = {}): ReturnType<typeof judgeTasks> => judgeTasks(remembered(running), { ...running, tasks: [task(events, more)] })
const says = (...given: Parameters<typeof judged>): string[] => judged(...given).map(({ verb, verdict }) => `${verb} ${verdict.cause} ${verdict.confidence}`)

describe('a task', () => {
  it.each<{ what: string; events: TaskEvent[]; more?: Partial<TaskRecord>; want: string[] }>([
    { what: 'killed for memory, by its driver and by its code', events: [entry('Started', 1), entry('Terminated', 5, { code: 137, isOom: true, says: 'OOM Killed' })], want: ['oom oom driver'] },
    { what: 'with the flag and an ordinary code is suspected only', events: [entry('Started', 1), entry('Terminated', 5, { code: 1, isOom: true })], want: ['oom oom suspected'] },
    { what: 'killed without the flag is no victim of memory', events: [entry('Started', 1), entry('Terminated', 5, { code: 137 })], want: ['failed killed proved'] },
    { what: 'that Nomad stopped has not failed, though it was killed', events: [entry('Started', 1), entry('Killing', 4), entry('Terminated', 5, { code: 137, signal: 9 }), entry('Killed', 5)], want: [] },
    { what: 'that Nomad stopped is no victim of memory, whatever the flag says', events: [entry('Started', 1), entry('Killing', 4), entry('Terminated', 5, { code: 137, isOom: true })], want: [] },
    { what: 'that a health check ended has not failed by itself', events: [entry('Started', 1), entry('Restart Signaled', 4), entry('Terminated', 5, { code: 143, signal: 15 })], want: [] },
    { what: 'that ended well has not failed', events: [entry('Started', 1), entry('Terminated', 5, { code: 0, signal: 0 })], want: [] },
    { what: 'that ended with a code has failed', events: [entry('Started', 1), entry('Terminated', 5, { code: 3 })], want: ['failed exit proved'] },
    { what: 'that a signal ended has failed', events: [entry('Started', 1), entry('Terminated', 5, { code: 0, signal: 11 })], want: ['failed signal proved'] },
    { what: 'that could not be set up has failed', events: [entry('Driver Failure', 2, { says: 'no such image' })], want: ['failed driver proved'] },
    { what: 'that Nomad gives up on', events: [entry('Started', 1), entry('Terminated', 5, { code: 1 }), entry('Not Restarting', 5, { isFatal: true })], more: { isFailed: true }, want: ['failed exit proved', 'gave_up policy proved'] },
  ])('$what', ({ events, more = {}, want }) => {
    expect(says(events, more)).toEqual(want)
  })

  it('tells an event of its history once, however often Nomad repeats it', () => {
    const events = [entry('Started', 1), entry('Terminated', 5, { code: 3 })]
    const after = { ...running, tasks: [task(events)] }
    expect(judgeTasks(remembered(after), { ...after, modified: 30, tasks: [task([...events, entry('Started', 8)])] })).toEqual([])
  })

  it('takes the digits of the event for its mark: they exceed what a number holds', () => {
    const [found] = judged([entry('Terminated', 5, { code: 3 })])
    expect(found?.mark).toBe(at(5))
    expect(Number.isSafeInteger(Number(at(5)))).toBe(false)
  })

  it('says how many ends the counter proves and the history no longer shows', () => {
    const events = [entry('Terminated', 5, { code: 3 }), entry('Restarting', 5), entry('Started', 6)]
    expect(judged(events, { restarts: 12 })[0]).toMatchObject({ verb: 'failed', coalesced: 11 })
  })
})
