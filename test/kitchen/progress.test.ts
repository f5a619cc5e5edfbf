import { afterEach, expect, test, vi } from 'vitest'
import { patiently } from '../../kitchen/run/progress.ts'

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

// Mutation: say nothing, or go on saying it after the end.
test('a long wait says what for, and a short one nothing', async () => {
  vi.useFakeTimers()
  const said: string[] = []
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0)
  const wait = (milliseconds: number): Promise<string> => new Promise((done) => { setTimeout(() => done('came'), milliseconds) })
  const short = patiently('an event', () => wait(14_000))
  await vi.advanceTimersByTimeAsync(14_000)
  expect(await short).toBe('came')
  expect(said).toEqual([])
  const long = patiently('a decision', () => wait(31_000))
  await vi.advanceTimersByTimeAsync(60_000)
  expect(await long).toBe('came')
  expect(said).toEqual(['  … waiting for a decision, 15.0 s so far\n', '  … waiting for a decision, 30.0 s so far\n'])
})

test('a wait that fails ends its words too, and fails', async () => {
  await expect(patiently('nothing', () => Promise.reject(new Error('gone')))).rejects.toThrow('gone')
})
