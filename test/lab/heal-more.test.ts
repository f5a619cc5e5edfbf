import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, isCarriedOut, isHealed, setHeal, since, type Explained, type Heal, type Since } from '../../kitchen/faults/healing.ts'
import { ended, startWantingVault, WANTS_VAULT } from '../../kitchen/faults/hopeless-jobs.ts'
import { allocation, allocations, purgeJob } from '../../kitchen/faults/job.ts'
import { breakCaddy, caddyRuns, openByHand, sealVault, vaultIsOpen } from '../../kitchen/faults/unit.ts'
import { attemptOnNode } from '../../kitchen/node/container.ts'
import { ENFORCING_ALL, expectRoad } from './heal.ts'

const MASTER = 'n1'
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const WINDOW = 'maintenance'

/** What a trial over the recorded inbox answers. */
interface Trial {
  readonly rows: readonly { readonly decision: string; readonly was: string | null; readonly now: string | null; readonly place: string }[]
  readonly totals: { readonly [of in 'was' | 'now']: { readonly decided: number; readonly would: number; readonly note: number } }
  readonly changes: readonly string[]
  readonly text: string
}

/** The same settings with a window of two hours that begins so long from now; `size` is by what the healer is seen to have read them. */
function within(from: number, size: number): Heal {
  const opens = new Date(Date.now() + from).toISOString().slice(11, 16)
  return { ...ENFORCING_ALL, bucket: { size, every: '1s' }, windows: { [WINDOW]: { kind: 'deny', opens, lasts: '2h' } } }
}

const waitsForWindow = ({ checks }: Explained): boolean => checks.at(-1)?.says === `window ${WINDOW} denies it`

/** A unit and Vault are down at once, and a job that wants Vault has failed, while Nomad answers. */
describe('a window in which nothing may be done', () => {
  let before: Heal | undefined
  let from: Since
  let begun: number
  let failed: string
  let applied = ''

  beforeAll(async () => {
    before = await setHeal(MASTER, within(-HOUR, 51))
    from = await since(MASTER)
    begun = Date.now()
    await purgeJob(MASTER, WANTS_VAULT)
    await breakCaddy(MASTER)
    await sealVault(MASTER)
    await startWantingVault(MASTER)
    failed = await ended(MASTER, WANTS_VAULT)
  }, 3 * MINUTE)

  afterAll(async () => {
    await purgeJob(MASTER, WANTS_VAULT)
    // With what failed there before, this job may have made the node suspect.
    await attemptOnNode(MASTER, ['salt-run', 'eos.release', `node:${MASTER}`])
    await setHeal(MASTER, before)
    if (!(await vaultIsOpen(MASTER))) await openByHand(MASTER)
    if (!(await caddyRuns(MASTER))) await attemptOnNode(MASTER, ['salt', '--timeout=60', MASTER, 'state.apply', 'eos.caddy'])
  }, 4 * MINUTE)

  // Fails when no window is looked at before a decision, and when the audit does not say by which one it waits.
  test('lets an act wait, and the audit says so', async () => {
    for (const policy of ['unit_failed', 'vault_sealed']) {
      const { decisions, audit } = await from.incident(policy, waitsForWindow, 90)
      expect(decisions).toEqual([])
      expect(audit.filter(({ kind }) => kind === 'waits').map(({ body }) => JSON.stringify(body['checks']))).toContainEqual(expect.stringContaining(`window ${WINDOW} denies it`))
    }
    expect((await from.lines('decided')).map(({ body }) => body['policy'])).toEqual([])
    expect([await caddyRuns(MASTER), await vaultIsOpen(MASTER)]).toEqual([false, false])
  }, 3 * MINUTE)

  // Fails when a window counts at every hour, and when what waited for it is not judged anew.
  test('lets it be done outside of its hours', async () => {
    await setHeal(MASTER, within(6 * HOUR, 52))
    const healed = await from.incident('unit_failed', isHealed, 150)
    expectRoad(healed, 'host/unit failed')
    expect(await caddyRuns(MASTER)).toBe(true)
    applied = healed.decisions.find(isCarriedOut)?.id ?? ''
  }, 5 * MINUTE)

  // Fails when what failed for Vault is left as it is, when its evaluation is not forced, so that Nomad would wait half an hour, when it is not told, and when it is not booked against the bounds of jobs.
  test('and what failed for a sealed Vault is evaluated at once when that is open', async () => {
    const healed = await from.incident('vault_sealed', isHealed, 150)
    expectRoad(healed, 'vault/seal sealed')
    const done = healed.decisions.find(isCarriedOut)?.result
    expect(done?.says).toMatch(new RegExp(`, then evaluated [^;]*\\b${WANTS_VAULT}\\b`))
    const replaced = await allocation(MASTER, WANTS_VAULT, 'replaces the one that failed', ({ ID }) => ID !== failed)
    const made = (await allocations(MASTER, WANTS_VAULT)).find(({ ID }) => ID === replaced)
    expect(done?.effects).toContain(made?.EvalID)
    expect(healed.audit.find(({ kind }) => kind === 'touched')?.body['jobs']).toContain(`${WANTS_VAULT}@default`)
  }, 5 * MINUTE)

  // Fails when a trial does not read the recorded inbox, when a changed policy changes nothing in it, and when it acts or writes.
  test('a trial of another policy says what that would have done beside what was done', async () => {
    const until = await since(MASTER)
    const asked = ['policy=unit_failed', `since=${Math.ceil((Date.now() - begun) / 1000)}s`]
    const tried = await ask<Trial>(MASTER, 'backtest', ...asked, 'policies={unit_failed: {act: {do: alarm}}}')
    expect(tried.changes).toContain('policies:unit_failed:act:do: apply -> alarm')
    const row = tried.rows.find(({ decision }) => decision === applied)
    expect(row).toMatchObject({ was: 'decided', place: expect.stringContaining('caddy') })
    expect(row?.now).not.toBe('decided')
    expect(tried.totals.was.decided).toBeGreaterThan(0)
    expect(tried.totals.now).toMatchObject({ decided: 0, would: 0 })
    expect(tried.totals.now.note).toBeGreaterThan(0)
    expect(tried.text).toMatch(/apply: was done, would be (noted|nothing)/)
    const unchanged = await ask<Trial>(MASTER, 'backtest', ...asked)
    expect(unchanged.changes).toEqual([])
    expect(unchanged.totals.now).toMatchObject({ decided: 1, note: 0 })
    expect((await until.lines()).filter(({ kind }) => kind === 'decided' || kind === 'note')).toEqual([])
  }, 2 * MINUTE)
})
