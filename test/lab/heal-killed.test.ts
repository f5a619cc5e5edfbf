import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { HealWitness } from '../../kitchen/faults/heal-witness.ts'
import { explained, setHeal, since, type Decision, type Heal, type Line } from '../../kitchen/faults/healing.ts'
import { breakCaddy, caddyRuns } from '../../kitchen/faults/unit.ts'
import { attemptOnNode, onNode } from '../../kitchen/node/container.ts'
import { HEAL } from './heal.ts'

const MASTER = 'n1'
const MINUTE = 60_000
const ENDED = ['done', 'failed', 'expired']

/** The process of the engine that runs, as it says itself. */
async function engine(): Promise<number> {
  const status: { readonly pid: number } = JSON.parse(await onNode(MASTER, ['cat', '/var/lib/eos/healer.status.json']))
  return status.pid
}

/** All of the master at once: the engine, the reactor, and the orchestration that runs. */
async function killMaster(): Promise<void> {
  await onNode(MASTER, ['systemctl', 'kill', '--signal=KILL', 'salt-master'])
  await attemptOnNode(MASTER, ['systemctl', 'reset-failed', 'salt-master'])
  await onNode(MASTER, ['systemctl', 'start', 'salt-master'])
}

/** The engine alone; the master starts it again. */
async function killEngine(): Promise<void> {
  await onNode(MASTER, ['kill', '-KILL', String(await engine())])
}

const CUTS = [
  { at: 'decided', what: 'the engine', kill: killEngine },
  { at: 'claimed', what: 'the master', kill: killMaster },
  { at: 'acted', what: 'the master', kill: killMaster },
]

/** Some minutes for each: `npm run test:all` runs them. */
const isLong = process.env['EOS_FAULT'] === 'all'

describe.runIf(isLong)('a heal that is cut off', () => {
  let before: Heal | undefined
  beforeAll(async () => void (before = await setHeal(MASTER, HEAL)), 2 * MINUTE)
  afterAll(async () => {
    await attemptOnNode(MASTER, ['systemctl', 'start', 'salt-master'])
    if (!(await caddyRuns(MASTER))) await attemptOnNode(MASTER, ['salt', '--timeout=60', MASTER, 'state.apply', 'eos.caddy'])
    await setHeal(MASTER, before)
  }, 5 * MINUTE)

  // Fails when a claim outlives its orchestration, when a decision may be claimed twice, and when what was cut off counts as done.
  test.each(CUTS)('by the death of $what once it is $at ends healed, and no decision is acted on twice', async ({ at, kill }) => {
    const from = await since(MASTER)
    const witness = await HealWitness.of(MASTER)
    const killed = await engine()
    let decision = ''
    try {
      const begun = witness.count
      await breakCaddy(MASTER)
      const isOurs = ({ kind, body }: Line): boolean => kind === at && (body['action'] === 'apply' || String(body['says']).startsWith('applied eos.caddy '))
      const { body } = await witness.until(`a decision to apply that is ${at}`, isOurs, begun, 120)
      await kill()
      decision = String(body['decision'])
    } finally {
      await witness.end()
    }
    await vi.waitFor(async () => expect(await caddyRuns(MASTER)).toBe(true), { timeout: 4 * MINUTE, interval: 1000 })
    const ids = new Set((await from.lines()).filter(({ body }) => body['policy'] === 'unit_failed' && typeof body['incident'] === 'string').map(({ body }) => String(body['incident'])))
    let all: readonly Decision[] = []
    await vi.waitFor(async () => {
      all = (await Promise.all([...ids].map((id) => explained(MASTER, id)))).flatMap(({ decisions }) => decisions)
      expect(all.map(({ state }) => state).filter((state) => !ENDED.includes(state))).toEqual([])
    }, { timeout: 4 * MINUTE, interval: 2000 })
    expect(await engine()).not.toBe(killed)
    const acting = (await from.lines('acting')).map(({ body }) => String(body['decision']))
    expect(acting.length).toBeGreaterThan(0)
    expect(acting).toEqual([...new Set(acting)])
    // Caddy is watched for half a minute before an act on it counts as verified: once claimed, it was cut off before, and is told as such.
    const cut = all.find(({ id }) => id === decision)
    expect(cut).toBeDefined()
    if (at !== 'decided') expect(cut).toMatchObject({ state: 'failed', result: { ok: false, says: expect.stringContaining('its orchestration is gone') } })
  }, 10 * MINUTE)
})
