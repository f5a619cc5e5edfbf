import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { moment } from '../../kitchen/faults/facts.ts'
import { audit, explained, incidents, isHealed, setHeal, since, type Explained, type Heal, type Since } from '../../kitchen/faults/healing.ts'
import { withAgedCertificate, withLittleRoom, withRefusedToken } from '../../kitchen/faults/host.ts'
import { HOPELESS, PLACELESS, purgeHopeless, startHopeless, startPlaceless } from '../../kitchen/faults/hopeless-jobs.ts'
import { failDeployment, fillMemory, JOB, purgeJob, running, startJob } from '../../kitchen/faults/job.ts'
import { eatAsTask, eatAsUnit } from '../../kitchen/faults/memory.ts'
import { tagged } from '../../kitchen/faults/plays.ts'
import { isRegistered, leaveStale, loseForAMinute, removeStale } from '../../kitchen/faults/registration.ts'
import { drainSecondClient, killSecondClient, removeSecondClient, SECOND_CLIENT, startSecondClient, startWaitingJob, WAITING_JOB } from '../../kitchen/faults/second-client.ts'
import { nomad } from '../../kitchen/faults/servers.ts'
import { breakCaddy, caddyRuns, sealVault, vaultIsOpen } from '../../kitchen/faults/unit.ts'
import { attemptOnNode, onNode } from '../../kitchen/node/container.ts'

const MASTER = 'n1'
const MINUTE = 60_000
const DEPLOYED = 'eos-fault-deploy'
const LOST = 'eos-fault-lost'
const FROZEN = 'eos-fault-frozen'
const STALE = 'eos-fault-stale'
/** Short spans, so that a person need not wait; budgets that this many faults at once do not exhaust. */
const HEAL: Heal = {
  mode: 'observe',
  components: { caddy: 'enforce', vault: 'enforce', consul: 'observe' },
  bucket: { size: 50, every: '1s' },
  debounce: { least: '1s', most: '5s' },
  cool_down: { first: '1s', most: '1s', stable: '60m' },
}
const ENFORCING: Heal = { ...HEAL, components: { caddy: 'enforce', vault: 'enforce', consul: 'enforce' } }

const isNoted = ({ audit: lines }: Explained): boolean => lines.some(({ kind }) => kind === 'note')
const about = (text: string) => ({ body }: { readonly body: object }): boolean => JSON.stringify(body).includes(text)

/** The whole road of an act: facts of the inbox, every check passed, a claim of the reactor, and a result that was verified. */
function expectRoad({ facts, decisions, audit: lines }: Explained, events: readonly string[]): void {
  expect(facts.map(({ event }) => `${event?.event} ${event?.verb}`)).toEqual(expect.arrayContaining([...events]))
  const decision = decisions.find(({ state }) => state === 'done')
  expect(decision?.checks.map(({ result }) => result)).toEqual(decision?.checks.map(() => 'passed'))
  expect(decision?.claim).toMatchObject({ user: 'Reactor', jid: expect.stringMatching(/^\d{20}$/) })
  expect(decision?.result).toMatchObject({ ok: true, says: expect.stringContaining('verified after') })
  const kinds = lines.filter(({ body }) => body['decision'] === decision?.id).map(({ kind }) => kind)
  // On a busy machine a decision may be fired again before it is claimed.
  expect([...new Set(kinds)]).toEqual(['decided', 'fired', 'claimed', 'acting', 'acted', 'result'])
}

let before: Heal | undefined
let begun: Since

beforeAll(async () => {
  before = await setHeal(MASTER, HEAL)
  begun = await since(MASTER)
}, 2 * MINUTE)

afterAll(async () => {
  for (const id of [JOB, DEPLOYED, LOST, FROZEN, WAITING_JOB]) await purgeJob(MASTER, id).catch(() => undefined)
  await purgeHopeless(MASTER)
  await removeStale(MASTER)
  await removeSecondClient(MASTER).catch(() => undefined)
  await attemptOnNode(MASTER, ['salt-run', 'eos.thaw'])
  await setHeal(MASTER, before)
}, 3 * MINUTE)

/** Faults whose policies only note; all of them are done before the first is waited for. */
describe('what is noted, and changes nothing', () => {
  beforeAll(async () => {
    await Promise.all([startHopeless(MASTER), startPlaceless(MASTER), startJob(MASTER, DEPLOYED).then(() => failDeployment(MASTER, DEPLOYED)), startJob(MASTER), startSecondClient(MASTER)])
    for (let times = 0; times < 3; times += 1) await eatAsTask(MASTER, 'whoami')
    await fillMemory(MASTER, await running(MASTER))
    await drainSecondClient(MASTER)
  }, 3 * MINUTE)

  test('a leaf that is killed for memory is watched', async () => {
    const { facts, incident } = await begun.incident('leaf_oom', isNoted, 60, about('whoami/'))
    expect(incident.action).toBe('watch')
    expect(facts[0]?.event).toMatchObject({ event: 'kernel/oom', subject: { job: 'whoami' }, verdict: { cause: 'own_limit' } })
  }, MINUTE)

  test('one that is killed again and again gets a proposal from its measured peak', async () => {
    const { incident } = await begun.incident('repeated_oom', isNoted, 60, about('whoami'))
    expect(incident.action).toBe('propose')
    expect(incident.says).toMatch(/whoami\/whoami reached its own memory limit 3 times in an hour: peak \d+, limit \d+ bytes/)
  }, MINUTE)

  test('a job that Nomad gave up is reported once for each, and its node becomes suspect', async () => {
    for (const job of HOPELESS) expect((await begun.incident('reschedule_exhausted', isNoted, 90, about(job))).incident.says).toMatch(`Nomad gave up on ${job}/web`)
    const { incident } = await begun.incident('suspect_node', isNoted, 60)
    expect(incident.says).toMatch(/three different jobs failed on n1/)
    expect((await onNode(MASTER, ['salt-run', '--log-level=quiet', 'eos.status', '--out=eos'])).replaceAll(/\s+/g, ' ')).toMatch(/suspect node:n1 by healer/)
  }, 3 * MINUTE)

  test('a version that failed its deployment is held', async () => {
    const { incident } = await begun.incident('failed_deployment', isNoted, 120, about(DEPLOYED))
    expect(incident.says).toMatch(`of ${DEPLOYED} failed its deployment`)
  }, 3 * MINUTE)

  test('a group without a place is reported', async () => {
    const { incident } = await begun.incident('placement_blocked', isNoted, 120, about(PLACELESS))
    expect(incident.says).toMatch(`${PLACELESS}/web finds no place`)
  }, 3 * MINUTE)

  test('a replaced allocation is watched until it is well', async () => {
    await fillMemory(MASTER, await running(MASTER))
    const { incident } = await begun.incident('rescheduled', ({ incident: { state } }) => state === 'closed', 120, about(`"${JOB}/`))
    expect(incident.says).toMatch(`${JOB}/web was rescheduled to n1`)
  }, 3 * MINUTE)

  test('a drain, a node that is out of reach and one that is down are reported, and nothing is moved', async () => {
    expect((await begun.incident('node_drained', isNoted, 60)).incident.says).toMatch(`the drain of ${SECOND_CLIENT} has ended`)
    await killSecondClient(MASTER)
    expect((await begun.incident('node_down', isNoted, 120)).incident.says).toMatch(`${SECOND_CLIENT} is down`)
    await removeSecondClient(MASTER)
    await startSecondClient(MASTER)
    await startWaitingJob(MASTER)
    await nomad(MASTER, ['job', 'status', WAITING_JOB])
    await killSecondClient(MASTER)
    expect((await begun.incident('node_disconnected', isNoted, 120)).incident.says).toMatch(`${SECOND_CLIENT} is out of reach`)
    await purgeJob(MASTER, WAITING_JOB)
    await removeSecondClient(MASTER)
  }, 5 * MINUTE)

  test('none of it made a decision', async () => {
    const lines = await begun.lines('decided')
    expect(lines.filter(({ body }) => !['unit_failed', 'vault_sealed', 'stale_registration', 'lost_registration'].includes(String(body['policy'])))).toEqual([])
  }, MINUTE)
})

describe('what is healed', () => {
  test('a unit that does not stay up gets its state, and its gate is the check', async () => {
    await breakCaddy(MASTER)
    expectRoad(await begun.incident('unit_failed', isHealed, 150), ['host/unit failed'])
    expect(await caddyRuns(MASTER)).toBe(true)
  }, 4 * MINUTE)

  test('a sealed Vault is opened by the declared custody', async () => {
    await sealVault(MASTER)
    expectRoad(await begun.incident('vault_sealed', isHealed, 150), ['vault/seal sealed'])
    expect(await vaultIsOpen(MASTER)).toBe(true)
  }, 4 * MINUTE)
})

describe('registrations', () => {
  beforeAll(async () => void (await Promise.all([startJob(MASTER, LOST), startJob(MASTER, FROZEN), startHopeless(MASTER)])), 2 * MINUTE)

  test('observe: everything but the act, and what would have been done is in the audit', async () => {
    const from = await since(MASTER)
    const id = await loseForAMinute(MASTER, LOST)
    const found = await from.incident('lost_registration', ({ audit: lines }) => lines.some(({ kind }) => kind === 'would'), 120, about(`"${LOST} (`))
    for (const { state, claim } of found.decisions) expect({ state, claim }).toEqual({ state: 'would', claim: null })
    expect(found.checks.find(({ name }) => name === 'mode')?.says).toMatch('observe')
    const after = await from.lines()
    expect(after.filter(({ kind, body }) => ['fired', 'claimed', 'acting', 'acted'].includes(kind) && found.decisions.some((one) => one.id === body['decision']))).toEqual([])
  }, 5 * MINUTE)

  test('freeze: nothing acts; after thaw the registration that is lost is healed', async () => {
    await onNode(MASTER, ['salt-run', '--log-level=quiet', 'eos.freeze', 'reason=a test of the lab', 'for=10m'])
    await setHeal(MASTER, ENFORCING)
    const from = await since(MASTER)
    const id = await loseForAMinute(MASTER, FROZEN)
    const frozen = await from.incident('lost_registration', ({ checks }) => checks.some(({ name, result }) => name === 'frozen' && result !== 'passed'), 120, about(`"${FROZEN} (`))
    expect(await from.lines('decided')).toEqual([])
    expect(await isRegistered(MASTER, FROZEN, id)).toBe(false)
    await onNode(MASTER, ['salt-run', '--log-level=quiet', 'eos.thaw'])
    // Consul's own comparison may come first: then it is lost once more, with nothing frozen.
    const isOver = (one: Explained): boolean => isHealed(one) || one.incident.state === 'closed'
    const first = await from.incident('lost_registration', isOver, 120, ({ body }) => body['incident'] === frozen.incident.id)
    const again = await since(MASTER)
    if (!isHealed(first)) await loseForAMinute(MASTER, FROZEN)
    const healed = isHealed(first) ? first : await again.incident('lost_registration', isHealed, 150, about(`"${FROZEN} (`))
    expectRoad(healed, ['consul/service deregistered'])
    expect(await isRegistered(MASTER, FROZEN, id)).toBe(true)
  }, 8 * MINUTE)

  test('one that outlived its allocation is removed, with the rights of the healer alone', async () => {
    await setHeal(MASTER, ENFORCING)
    const [job] = HOPELESS
    const allocs: readonly { readonly ID: string }[] = JSON.parse(await nomad(MASTER, ['job', 'allocs', '-json', job]))
    const [from, seen] = await Promise.all([since(MASTER), moment(MASTER)])
    const alloc = allocs[0]?.ID ?? ''
    const id = await leaveStale(MASTER, STALE, alloc, 'passing')
    const came = tagged(`eos/consul/service/registered/${STALE}`)
    await seen.until(came.what, came.isMeant)
    await leaveStale(MASTER, STALE, alloc, 'critical')
    expectRoad(await from.incident('stale_registration', isHealed, 150, about(`"${STALE} (`)), ['consul/service critical'])
    expect(await isRegistered(MASTER, STALE, id)).toBe(false)
  }, 5 * MINUTE)
})

describe('a decision that nobody made', () => {
  test.each([
    { given: 'an id that never was', decision: async () => 'ba6644d4b8a172bf76df0000' },
    { given: 'one that was done already', decision: async () => String((await audit(MASTER, 'kind=result', 'limit=1'))[0]?.body['decision']) },
  ])('from a minion, with $given, is refused, told and attributed, and nothing is done', async ({ decision }) => {
    const from = await since(MASTER)
    const id = await decision()
    await onNode(MASTER, ['salt-call', 'event.send', 'eos/heal/decided/reload', JSON.stringify({ decision: id })])
    const refused = await from.line(`the claim of ${id} is refused`, ({ kind, body }) => kind === 'claim_refused' && body['decision'] === id)
    expect(refused.body['by']).toMatchObject({ event: 'eos/heal/decided/reload', told_by: MASTER })
    expect((await from.lines()).filter(({ kind, body }) => ['claimed', 'acting', 'acted'].includes(kind) && body['decision'] === id)).toEqual([])
  }, 2 * MINUTE)
})

describe('a core service that memory took', () => {
  test('freezes healing, and a person thaws it', async () => {
    const from = await since(MASTER)
    await eatAsUnit(MASTER, 'consul.service')
    const { incident } = await from.incident('core_oom', isNoted, 60)
    expect(incident.says).toMatch(/core service consul.service on n1 was killed for memory; healing is frozen/)
    const status = await attemptOnNode(MASTER, ['salt-run', '--log-level=quiet', 'eos.status', '--out=eos'])
    expect(status.stdout).toMatch(/FROZEN/)
    await onNode(MASTER, ['salt-run', '--log-level=quiet', 'eos.thaw'])
  }, 2 * MINUTE)
})

describe('what only a person can put right', () => {
  test('a token that is refused and a source that falls silent with it are alarms, and nothing is concluded from them', async () => {
    const from = await since(MASTER)
    await withRefusedToken(MASTER, async () => {
      expect((await from.incident('token_expiring', isNoted, 150)).incident.says).toMatch(/the token of sidecar for nomad on n1 is refused/)
      expect((await from.incident('silent_source', isNoted, 150)).incident.says).toMatch(/nothing is known from nomad:global/)
    })
  }, 6 * MINUTE)

  test('a certificate near its end is an alarm', async () => {
    const from = await since(MASTER)
    await withAgedCertificate(MASTER, async () => {
      expect((await from.incident('certificate_expiring', isNoted, 120)).incident.says).toMatch(/the certificate of caddy on n1 ends at/)
    })
  }, 4 * MINUTE)

  test('a file system that fills is an alarm', async () => {
    await withLittleRoom(MASTER, MASTER, async () => {
      // The lab may fill its disk by itself before: it is told once.
      const found = (await incidents(MASTER, 'disk_filling')).at(-1) ?? (await begun.incident('disk_filling', isNoted, 120)).incident
      expect(found.says).toMatch(/ on n1 has \d+ % left/)
    })
  }, 4 * MINUTE)
})

describe('the declared policies', () => {
  test('have had an incident each', async () => {
    const declared = Object.keys(JSON.parse(await onNode(MASTER, ['/opt/salt/bin/python', '-c', 'import json; from saltext.eos.policies.table import TABLE; print(json.dumps(TABLE))'])))
    const seen = new Set((await incidents(MASTER)).map(({ policy }) => policy))
    expect(declared.filter((name) => !seen.has(name))).toEqual([])
  }, MINUTE)
})

describe('the audit', () => {
  test('is whole, each line after the one before', async () => {
    const outcome = await attemptOnNode(MASTER, ['salt-run', '--log-level=quiet', 'eos.audit', 'verify=True'])
    expect(outcome.code).toBe(0)
  }, MINUTE)

  test('explains every incident of this run', async () => {
    const all = (await incidents(MASTER)).slice(-5)
    for (const { id } of all) expect((await explained(MASTER, id)).incident.id).toBe(id)
  }, 2 * MINUTE)
})
