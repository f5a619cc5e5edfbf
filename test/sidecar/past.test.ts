import { join } from 'node:path'
import { afterEach, describe, expect, it, test } from 'vitest'
import { countedFrom, pastOf, reasonOf, type Found } from '../../src/sidecar/past.ts'
import { Engine } from './engine.ts'
import { Child, ownFolder, until, writeConfig } from './rig.ts'

const found: Found = { version: '0.2.0', epoch: 'n1-a', last: 50, isNew: false, movedTo: null }
const past = { version: '0.2.0', epoch: 'n1-a', checkpoint: 40, isOver: true }

describe('a start says why it is one', () => {
  it.each([
    { why: 'first', before: null, now: { isNew: true }, says: /for the first time/ },
    { why: 'journal_damaged', before: null, now: { isNew: true, movedTo: '/x' }, says: /because the old one was damaged/ },
    { why: 'restart', before: past, now: {}, says: /after it was stopped/ },
    { why: 'crash', before: { ...past, isOver: false }, now: {}, says: /killed or crashed/ },
    { why: 'upgrade', before: { ...past, version: '0.1.0' }, now: {}, says: /^after version 0\.1\.0$/ },
    { why: 'upgrade', before: { ...past, version: '0.1.0', isOver: false }, now: {}, says: /0\.1\.0; the last run was killed/ },
    { why: 'upgrade', before: null, now: {}, says: /left no note/ },
  ])('$why: $says', ({ why, before, now, says }) => {
    const { cause, detail } = reasonOf(before, { ...found, ...now })
    expect(cause).toBe(why)
    expect(detail).toMatch(says)
  })
})

describe('what is counted since the last checkpoint begins', () => {
  it.each([
    { claim: 'at the last checkpoint of the run before', before: past, now: found, from: 40 },
    { claim: 'with the numbers of a new epoch', before: past, now: { ...found, epoch: 'n1-b' }, from: 0 },
    { claim: 'with the journal', before: null, now: { ...found, isNew: true, last: 0 }, from: 0 },
    { claim: 'now, where nobody knows of a checkpoint before', before: null, now: found, from: 50 },
  ])('$claim', ({ before, now, from }) => {
    expect(countedFrom(before, now).checkpoint).toBe(from)
  })
})

it('does not take what is no note of a run for one', () => {
  expect([null, 5, 'x', {}, { version: '1', epoch: 'x', checkpoint: '5' }].map(pastOf)).toEqual([null, null, null, null, null])
  expect(pastOf({ ...past, more: 1 })).toEqual(past)
})

const folder = ownFolder()
const engine = new Engine(join(folder.path, 'bridge.sock'))
afterEach(async () => {
  await engine.stop()
  folder.remove()
})

test('a sidecar that was stopped, and one that was killed, say so, and their checkpoints count on', { timeout: 60_000 }, async () => {
  const config = writeConfig(folder.path, { timing: { reconnect_least: '20ms', reconnect_most: '200ms', checkpoint: '100ms' } })
  await engine.start()
  const kept = (verb: string): { readonly seq: number; readonly change: { readonly from: number; readonly to: number; readonly count: number }; readonly verdict: { readonly cause: string } }[] =>
    [...engine.inbox.values()].filter((one) => one.verb === verb).map(({ text }) => JSON.parse(text))
  for (const [run, signal] of (['SIGTERM', 'SIGKILL', 'SIGTERM'] as const).entries()) {
    const before = kept('checkpoint').length
    const child = new Child(config, ['--rate', '200'])
    await until(`run ${run} tells two checkpoints`, () => kept('checkpoint').length >= before + 2)
    await child.kill(signal)
  }
  expect(kept('started').map(({ verdict }) => verdict.cause)).toEqual(['first', 'restart', 'crash'])
  const checkpoints = kept('checkpoint').map(({ change }) => change)
  expect(checkpoints.length).toBeGreaterThanOrEqual(6)
  // Each begins where the one before ended: none counts what another has counted, whatever ended the run between.
  expect(checkpoints.map(({ from }) => from)).toEqual([0, ...checkpoints.slice(0, -1).map(({ to }) => to)])
  expect(checkpoints.every(({ from, to, count }) => count === to - from)).toBe(true)
})
