import { afterAll, beforeAll, expect, test } from 'vitest'
import { say } from '../../kitchen/run/progress.ts'
import { setHealing } from '../fault/chaos/heal-mode.ts'
import { claimsOf } from '../fault/chaos/report.ts'
import { runChaos } from '../fault/chaos/run.ts'

/** The short form; `npm run test:all` runs the hour. */
const MINUTES = process.env['EOS_FAULT'] === 'all' ? 60 : 3
const MINUTE = 60_000

let restore: () => Promise<void>

beforeAll(async () => {
  restore = await setHealing({ mode: 'enforce', bucket: { size: 5, every: '2m' }, blast: { share: 50, within: '30m' } })
}, 2 * MINUTE)
afterAll(() => restore(), 2 * MINUTE)

// Fails when an act has no token, comes too soon, is claimed by what nobody decided, or when the stack does not get over it.
test(`the healer keeps every bound through ${MINUTES} minutes of chaos`, { timeout: (MINUTES + 25) * MINUTE }, async () => {
  const run = await runChaos(MINUTES, Date.now() % 1_000_000, say)
  expect(claimsOf(run).filter(({ holds }) => !holds), `seed ${run.seed}`).toEqual([])
})
