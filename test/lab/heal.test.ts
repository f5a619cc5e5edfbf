import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { incidents, isCarriedOut, isHealed, isNoted, setHeal, since, told, type Explained, type Heal, type Since } from '../../kitchen/faults/healing.ts'
import { ended, HOPELESS, PLACELESS, purgeHopeless, startHopeless, startPlaceless } from '../../kitchen/faults/hopeless-jobs.ts'
import { ageCertificate, narrowRoom, refuseToken, type Restore } from '../../kitchen/faults/host.ts'
import { purgeJob } from '../../kitchen/faults/job.ts'
import { damageJournal, removeDamaged } from '../../kitchen/faults/journal.ts'
import { eatAsUnit } from '../../kitchen/faults/memory.ts'
import { instances, isRegistered, removeStale } from '../../kitchen/faults/registration.ts'
import { removeSecondClient, SECOND_CLIENT, SPARE, startSecondClient, WAITING_JOB } from '../../kitchen/faults/second-client.ts'
import { breakCaddy, caddyRuns, openByHand, sealByHand, sealVault, vaultIsOpen } from '../../kitchen/faults/unit.ts'
import { attemptOnNode, onNode } from '../../kitchen/node/container.ts'
import { breakVersion, loseAndLeave, starveJob, wearOutClient } from './heal-faults.ts'
import { about, doneAlready, ENFORCING, expectRoad, HEAL, runner, status, WARNING } from './heal.ts'

const MASTER = 'n1'
const MINUTE = 60_000
/** Named anew in each run: what its job needs is proposed once a day. */
const HUNGRY = `eos-fault-hungry-${Date.now().toString(36)}`
const DEPLOYED = 'eos-fault-deploy'
const LOST = 'eos-fault-lost'
const STALE = 'eos-fault-stale'
/** Policies of which people were told; what is told once a day has no line of its own each time. */
const met = new Set<unknown>()

let before: Heal | undefined
let begun: Since

beforeAll(async () => {
  before = await setHeal(MASTER, HEAL)
  begun = await since(MASTER)
}, 2 * MINUTE)

afterAll(async () => {
  await attemptOnNode(MASTER, ['salt-run', 'eos.thaw'])
  for (const what of [`job:${DEPLOYED}@default`, `node:${SECOND_CLIENT}`, `node:${MASTER}`]) await attemptOnNode(MASTER, ['salt-run', 'eos.release', what])
  await setHeal(MASTER, before)
}, 3 * MINUTE)

/** Each fault is done before the first is waited for; what is said is asked for afterwards. */
describe('what Nomad and Consul tell', () => {
  let consul: Awaited<ReturnType<typeof loseAndLeave>>

  beforeAll(async () => {
    await Promise.all([purgeJob(MASTER, LOST), purgeJob(MASTER, DEPLOYED), purgeHopeless(MASTER), startSecondClient(MASTER)])
    await startHopeless(MASTER, SPARE)
    const alloc = await ended(MASTER)
    const registrations = loseAndLeave(MASTER, LOST, STALE, alloc)
    await Promise.all([wearOutClient(MASTER), startPlaceless(MASTER), starveJob(MASTER, HUNGRY), breakVersion(MASTER, DEPLOYED), registrations])
    consul = await registrations
  }, 6 * MINUTE)

  afterAll(async () => {
    for (const id of [HUNGRY, DEPLOYED, LOST, WAITING_JOB]) await purgeJob(MASTER, id)
    await Promise.all([purgeHopeless(MASTER), removeStale(MASTER), removeSecondClient(MASTER)])
  }, 2 * MINUTE)

  // Fails when the layer below need not be exhausted, or when one job's report is taken for another's.
  test('a job that Nomad gave up is reported, once for each', async () => {
    for (const job of HOPELESS) expect((await begun.incident('reschedule_exhausted', isNoted, 60, about(job))).incident.says).toMatch(new RegExp(`an allocation of ${job}/web failed: .*; Nomad has (no attempt left|given it up)`))
  }, 3 * MINUTE)

  // Fails when three failures of one job count, or when the mark is not shown.
  test('the node on which three of them failed is suspect', async () => {
    const { incident } = await begun.incident('suspect_node', isNoted, 60, about(SECOND_CLIENT))
    expect(incident.says).toMatch(`three different jobs failed on ${SECOND_CLIENT}`)
    expect(await status()).toMatch(new RegExp(`suspect node:${SECOND_CLIENT} by healer`))
  }, 2 * MINUTE)

  // Each fails when its policy is for another verb, and when anything but a report follows.
  test.each([
    { policy: 'node_disconnected', says: `${SECOND_CLIENT} is out of reach` },
    { policy: 'node_drained', says: `the drain of ${SECOND_CLIENT} has ended` },
    { policy: 'node_down', says: `${SECOND_CLIENT} is down` },
  ])('$policy is reported, and nothing is moved', async ({ policy, says }) => {
    const { incident, decisions } = await begun.incident(policy, isNoted, 120, about(SECOND_CLIENT))
    expect(incident.says).toMatch(says)
    expect(decisions).toEqual([])
  }, 3 * MINUTE)

  // Fails when the victim of a kill is not found, or when a leaf is taken for a core service.
  test('a leaf that is killed for its memory is watched', async () => {
    const { facts, incident } = await begun.incident('leaf_oom', isNoted, 60, about(HUNGRY))
    expect(incident.action).toBe('watch')
    expect(facts[0]?.event).toMatchObject({ event: 'kernel/oom', subject: { job: HUNGRY }, verdict: { cause: 'own_limit' } })
  }, MINUTE)

  // Fails when it is proposed after two kills, or without the limit that it reached.
  test('one that is killed again and again gets a proposal from the limit that its peak reached', async () => {
    const { incident } = await begun.incident('repeated_oom', isNoted, 60, about(HUNGRY))
    expect(incident.action).toBe('propose')
    expect(incident.says).toMatch(new RegExp(`${HUNGRY}/web reached its own memory limit of [1-9]\\d*MiB [3-5] times in an hour; proposed, for a person to try: [1-9]\\d*MiB`))
  }, MINUTE)

  // Fails when a replacement is taken for well before its deployment or start has ended.
  test('a replaced allocation is watched until it is well', async () => {
    const { incident } = await begun.incident('rescheduled', ({ incident: { state } }) => state === 'closed', 120, about(HUNGRY))
    expect(incident.says).toMatch(`${HUNGRY}/web was rescheduled to ${MASTER}`)
  }, 3 * MINUTE)

  // Fails when the hold is for no job, or for every version of it.
  test('a version that failed its deployment is held', async () => {
    const { incident } = await begun.incident('failed_deployment', isNoted, 120, about(DEPLOYED))
    expect(incident.says).toMatch(`version 1 of ${DEPLOYED} failed its deployment`)
    const [rule] = (await begun.lines('rule')).filter(about(DEPLOYED))
    expect(rule?.body).toMatchObject({ rule: 'hold', what: `job:${DEPLOYED}@default`, input: expect.stringMatching(/^[0-9a-f]{64}$/) })
  }, 3 * MINUTE)

  // Fails when a block is reported before it has settled, or as a fault of the job.
  test('a group without a place is reported', async () => {
    const { incident } = await begun.incident('placement_blocked', isNoted, 120, about(PLACELESS))
    expect(incident.says).toMatch(`${PLACELESS}/web finds no place`)
  }, 3 * MINUTE)

  // Fails when the act does not bring it back: Consul itself was given no minute.
  test('a registration that is lost while its allocation runs comes back', async () => {
    expectRoad(consul.healed, 'consul/service deregistered')
    expect(consul.healed.decisions.filter(isCarriedOut).map(({ action }) => action)).toEqual(['resync'])
    const [first] = await instances(MASTER, LOST)
    expect(first?.ServiceID).toMatch(LOST)
  }, MINUTE)

  // Fails when the healer's own token may not write there, and when the allocation is not looked at.
  test('one that outlived its allocation is removed, with the rights of the healer alone', async () => {
    expectRoad(await begun.incident('stale_registration', isHealed, 150, about(STALE)), 'consul/service critical')
    expect(await isRegistered(MASTER, STALE, consul.left)).toBe(false)
  }, 4 * MINUTE)

  // Fails when a note becomes an act.
  test('nothing else was decided', async () => {
    const policies = (await begun.lines('decided')).map(({ body }) => body['policy'])
    expect(new Set(policies)).toEqual(new Set(['lost_registration', 'stale_registration']))
  }, MINUTE)
})

/** While Nomad cannot be read: what is seen and done on a host alone needs it for nothing. */
describe('what a host tells', () => {
  const restores: Restore[] = []
  let from: Since
  let at: number

  beforeAll(async () => {
    from = await since(MASTER)
    at = Date.now()
    restores.push(await refuseToken(MASTER), await ageCertificate(MASTER))
    restores.push(await narrowRoom(MASTER, MASTER))
    await sealVault(MASTER)
  }, 2 * MINUTE)

  afterAll(async () => {
    for (const restore of restores.toReversed()) await restore()
    await attemptOnNode(MASTER, ['salt-run', 'eos.thaw'])
    await setHeal(MASTER, ENFORCING)
    if (!(await vaultIsOpen(MASTER))) await openByHand(MASTER)
    if (!(await caddyRuns(MASTER))) await attemptOnNode(MASTER, ['salt', '--timeout=60', MASTER, 'state.apply', 'eos.caddy'])
  }, 4 * MINUTE)

  // Fails when mode observe acts, and when it does not say what it would have done.
  test('observe: everything but the act, and what would have been done is in the audit', async () => {
    const found = await from.incident('vault_sealed', ({ audit: lines }) => lines.some(({ kind }) => kind === 'would'), 120)
    for (const { state, claim } of found.decisions) expect({ state, claim }).toEqual({ state: 'would', claim: {} })
    expect(found.decisions[0]?.checks.find(({ name }) => name === 'mode')?.says).toMatch('observe')
    const kinds = found.audit.map(({ kind }) => kind)
    for (const kind of ['fired', 'claimed', 'acting', 'acted']) expect(kinds).not.toContain(kind)
    expect(await vaultIsOpen(MASTER)).toBe(false)
  }, 3 * MINUTE)

  // Fails when mode warn acts, and when it is not told apart from observe: people are told what would be done.
  test('warn: what would have been done is in the audit as a warning, and is not done', async () => {
    await setHeal(MASTER, WARNING)
    const warned = await since(MASTER)
    const would = await warned.line('what would be done to Vault in mode warn', ({ kind, body }) => kind === 'would' && body['policy'] === 'vault_sealed' && body['mode'] === 'warn', 120)
    expect(would.body).toMatchObject({ action: 'unseal', place: expect.stringContaining(MASTER) })
    expect((await warned.lines('decided')).map(({ body }) => body['policy'])).not.toContain('vault_sealed')
    expect(await vaultIsOpen(MASTER)).toBe(false)
  }, 4 * MINUTE)

  // Fails when anything acts in spite of the freeze, or when thawing does not end it.
  test('freeze: nothing acts until somebody thaws', async () => {
    await runner('eos.freeze', 'reason=a test of the lab', 'for=10m')
    await setHeal(MASTER, ENFORCING)
    const frozen = await since(MASTER)
    await breakCaddy(MASTER)
    const isFrozen = ({ checks }: Explained): boolean => checks.some(({ name, result }) => name === 'frozen' && result !== 'passed')
    await frozen.incident('unit_failed', isFrozen, 90)
    expect(await frozen.lines('decided')).toEqual([])
    expect([await caddyRuns(MASTER), await vaultIsOpen(MASTER)]).toEqual([false, false])
    await runner('eos.thaw')
  }, 5 * MINUTE)

  // Fails when the state is applied to no unit, and when its gate is not asked.
  test('a unit that does not stay up gets its state, and its gate is the check', async () => {
    expectRoad(await from.incident('unit_failed', isHealed, 150), 'host/unit failed')
    expect(await caddyRuns(MASTER)).toBe(true)
  }, 5 * MINUTE)

  // Fails when the custody is not used, or when nobody looks whether it has opened; and when it is not said that Nomad could not be asked who failed for it.
  test('a Vault that was restarted is opened by its declared custody, whatever Nomad says', async () => {
    const healed = await from.incident('vault_sealed', isHealed, 150)
    expectRoad(healed, 'vault/seal sealed')
    expect(await vaultIsOpen(MASTER)).toBe(true)
    expect(healed.decisions.find(isCarriedOut)?.result?.says).toMatch(/; jobs that failed for it were not evaluated: /)
  }, 5 * MINUTE)

  // Each fails when its policy is for another event; the last two when silence is taken for health.
  test.each([
    { policy: 'certificate_expiring', says: /the certificate of caddy on n1 ends at/ },
    { policy: 'disk_filling', says: / on n1 has \d+ % of its bytes/ },
    { policy: 'token_expiring', says: /the token of sidecar for nomad on n1 is refused/ },
    { policy: 'silent_source', says: /nothing is known from nomad:global/ },
  ])('$policy is an alarm for a person', async ({ policy, says }) => {
    const { incident, decisions } = await told(MASTER, policy, at, 180)
    expect(incident.says).toMatch(says)
    expect(decisions).toEqual([])
    met.add(policy)
  }, 4 * MINUTE)
})

describe('what only a person can put right', () => {
  let from: Since

  beforeAll(async () => {
    from = await since(MASTER)
    await sealByHand(MASTER)
    await damageJournal(MASTER)
    await eatAsUnit(MASTER, 'consul.service')
  }, 2 * MINUTE)

  afterAll(async () => {
    await removeDamaged(MASTER)
    if (!(await vaultIsOpen(MASTER))) await openByHand(MASTER)
    const ready = async (): Promise<string> => (await attemptOnNode(MASTER, ['curl', '--silent', 'http://127.0.0.1:9460/readyz'])).stdout
    await vi.waitFor(async () => expect(await ready()).toBe('ok\n'), { timeout: MINUTE, interval: 500 })
  }, 3 * MINUTE)

  // Fails when what was lost is told to nobody.
  test('a bridge that lost its journal is an alarm', async () => {
    const { incident } = await from.incident('bridge_alarm', isNoted, 60)
    expect(incident.says).toMatch(/the bridge raises an alarm about bridge \(journal_damaged\)/)
  }, 2 * MINUTE)

  // Fails when a core service is taken for a leaf, when the freeze is for nothing but its unit, and when what depends on it is not looked at.
  test('a core service that memory took freezes healing, and a person thaws it', async () => {
    const { incident } = await from.incident('core_oom', isNoted, 60)
    expect(incident.says).toMatch(/core service consul.service on n1 was killed for memory; what is seen of what depends on it is not to be trusted/)
    expect(await status()).toMatch(/FROZEN/)
    const dependents = await from.incident('core_oom_dependents', isNoted, 90)
    expect(dependents.incident.says).toMatch(/by their gates: consul on n1 (passed|waiting|failed|unknown)/)
    await runner('eos.thaw')
  }, 4 * MINUTE)

  // Fails when what a person has sealed opens an incident that may act, new or of before, whatever was frozen when it was told.
  test('a Vault that somebody sealed while it ran is an alarm, and stays sealed', async () => {
    const { incident, facts } = await from.incident('vault_closed', isNoted, 90)
    expect(incident.says).toMatch(/Vault on n1 is sealed, and nothing shows that it was started since it was open/)
    const seals = facts.map(({ id }) => id)
    expect(seals).not.toEqual([])
    for (const { events } of await incidents(MASTER, 'vault_sealed')) for (const id of seals) expect(events).not.toContain(id)
    expect((await from.lines()).filter(({ kind, body }) => kind === 'decided' && body['policy'] !== 'lost_registration')).toEqual([])
    expect(await vaultIsOpen(MASTER)).toBe(false)
    await openByHand(MASTER)
    expect(await vaultIsOpen(MASTER)).toBe(true)
  }, 3 * MINUTE)
})

describe('a decision that nobody made', () => {
  // Fails when the word of an event is enough to act.
  test.each([
    { given: 'an id that never was', decision: async () => 'ba6644d4b8a172bf76df0000' },
    { given: 'one that was done already', decision: doneAlready },
  ])('from a minion, with $given, is refused, told and attributed, and nothing is done', async ({ decision }) => {
    const from = await since(MASTER)
    const id = await decision()
    await onNode(MASTER, ['salt-call', 'event.send', 'eos/heal/decided/apply', JSON.stringify({ decision: id })])
    const refused = await from.line(`the claim of ${id} is refused`, ({ kind, body }) => kind === 'claim_refused' && body['decision'] === id)
    expect(refused.body['by']).toMatchObject({ event: 'eos/heal/decided/apply', told_by: MASTER })
    expect((await from.lines()).filter(({ kind, body }) => ['claimed', 'acting', 'acted'].includes(kind) && body['decision'] === id)).toEqual([])
  }, 2 * MINUTE)
})

describe('the audit', () => {
  // Fails when somebody declares a policy and no fault for it here.
  test('has an incident of every declared policy, from this run', async () => {
    const declared: readonly string[] = Object.keys(JSON.parse(await onNode(MASTER, ['/opt/salt/bin/python', '-c', 'import json; from saltext.eos.policies.table import TABLE; print(json.dumps(TABLE))'])))
    for (const { body } of await begun.lines()) if (typeof body['incident'] === 'string') met.add(body['policy'])
    expect(declared.filter((name) => !met.has(name))).toEqual([])
  }, MINUTE)

  // Fails when a line is changed, left out, or written twice.
  test('is whole, each line after the one before', async () => {
    expect((await attemptOnNode(MASTER, ['salt-run', '--log-level=quiet', 'eos.audit', 'verify=True'])).code).toBe(0)
  }, MINUTE)
})
