import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { BARE, deregisterBare, registerBare, restartConsul } from '../../kitchen/faults/bare-service.ts'
import { facts, moment, type Envelope } from '../../kitchen/faults/facts.ts'
import { fillMemory, JOB, killTask, purgeJob, running, startJob, type Running } from '../../kitchen/faults/job.ts'
import { plays, tagged, type Expectation } from '../../kitchen/faults/plays.ts'
import { drainSecondClient, killSecondClient, removeSecondClient, SECOND_CLIENT, startSecondClient, startWaitingJob, WAITING_JOB } from '../../kitchen/faults/second-client.ts'
import { nomad } from '../../kitchen/faults/servers.ts'
import { delayOf, shownDelay, Witness } from '../../kitchen/faults/witness.ts'
import { attemptOnNode, onNode } from '../../kitchen/node/container.ts'

const MASTER = 'n1'
const MINUTE = 60_000
/** A service that proves by its own event that Consul is read again. */
const AFTERWARDS = 'eos-fault-afterwards'

/** Envelopes about one allocation, wherever it stands. */
function about(alloc: string, envelopes: readonly Envelope[]): readonly Envelope[] {
  return envelopes.filter(({ subject, links }) => subject['alloc'] === alloc || links['alloc'] === alloc)
}

/** What happened to one allocation, without repetition. */
function told(alloc: string, envelopes: readonly Envelope[]): readonly string[] {
  return [...new Set(about(alloc, envelopes).map(({ event, verb }) => `${event} ${verb}`))]
}

/** Waits until the sidecar is ready and nothing waits in its journal. */
async function untilDelivered(): Promise<void> {
  const page = async (path: string): Promise<string> => (await attemptOnNode(MASTER, ['curl', '--silent', `http://127.0.0.1:9460${path}`])).stdout
  await vi.waitFor(async () => expect(await page('/readyz')).toBe('ok\n'), { timeout: MINUTE, interval: 300 })
  await vi.waitFor(async () => expect(await page('/metrics')).toMatch(/^eos_sidecar_outbox_depth 0$/m), { timeout: MINUTE, interval: 300 })
}

beforeAll(untilDelivered, 2 * MINUTE)

describe('the sidecar of the lab', () => {
  test('comes from its package, runs as eos, and its tokens are for eos alone', async () => {
    const command = await onNode(MASTER, ['sh', '-c', 'tr "\\0" " " </proc/$(systemctl show --value -p MainPID eos-sidecar)/cmdline'])
    const program = /\S+main\.js/.exec(command)?.[0] ?? ''
    expect(await onNode(MASTER, ['dpkg', '-S', program])).toMatch(/^eos-sidecar: /)
    expect(await onNode(MASTER, ['sh', '-c', 'cd /etc/eos-sidecar && stat -c "%n %U %a" *.token'])).toBe('consul.token eos 400\nnomad.token eos 400\n')
    expect((await onNode(MASTER, ['sh', '-c', 'ps -o user= -p $(systemctl show --value -p MainPID eos-sidecar)'])).trim()).toBe('eos')
  })

  test('cannot gain rights, and has no capability', async () => {
    const status = await onNode(MASTER, ['sh', '-c', 'cat /proc/$(systemctl show --value -p MainPID eos-sidecar)/status'])
    expect(status).toMatch(/^CapBnd:\t0+$/m)
    expect(status).toMatch(/^NoNewPrivs:\t1$/m)
    expect(status).toMatch(/^Seccomp:\t2$/m)
  })

  test('may read jobs and nodes and nothing more', async () => {
    const as = (path: string, ...method: string[]) =>
      onNode(MASTER, ['sh', '-c', 'curl -s -o /dev/null -w "%{http_code}" --cacert /etc/eos/tls/ca.pem -H "X-Nomad-Token: $(cat /etc/eos-sidecar/nomad.token)" "$@"', 'sh', ...method, `https://127.0.0.1:4646${path}`])
    expect(await as('/v1/jobs?namespace=*')).toBe('200')
    expect(await as('/v1/nodes')).toBe('200')
    expect(await as('/v1/acl/policies?')).not.toBe('403')
    expect(await as('/v1/job/miniflux', '-X', 'DELETE')).toBe('403')
    expect(await as('/v1/vars')).toBe('200')
    expect(await as('/v1/acl/tokens')).toBe('403')
  })

  test('mutation: a lost token is made again by the next run, and the old one no longer exists', async () => {
    const tokens = async (): Promise<number> => {
      const all: readonly { readonly Name: string }[] = JSON.parse(await nomad(MASTER, ['acl', 'token', 'list', '-json']))
      return all.filter(({ Name }) => Name === `eos-sidecar on ${MASTER}`).length
    }
    await onNode(MASTER, ['rm', '/etc/eos-sidecar/nomad.token'])
    const applied = await onNode(MASTER, ['salt', MASTER, '--out=json', '--static', 'state.apply', 'eos.sidecar', '--timeout=120'])
    expect(applied).toMatch(/sidecar gate/)
    expect(await tokens()).toBe(1)
    expect(applied).not.toContain((await onNode(MASTER, ['cat', '/etc/eos-sidecar/nomad.token'])).trim())
    await untilDelivered()
  }, 4 * MINUTE)
})

describe('one allocation, from its start to its end', () => {
  let first: Running

  beforeAll(async () => {
    const since = await moment(MASTER)
    first = await startJob(MASTER)
    for (const tag of [`eos/nomad/alloc/started/${JOB}/web`, `eos/consul/service/registered/${JOB}`]) {
      const { what, isMeant } = tagged(tag)
      expect((await since.until(what, isMeant)).subject).toMatchObject(tag.includes('nomad') ? { alloc: first.alloc, job: JOB } : { service: JOB })
    }
  }, 2 * MINUTE)
  afterAll(async () => {
    await purgeJob(MASTER).catch(() => undefined)
  }, MINUTE)

  test('a task that is killed from outside is a restart, and no lack of memory', async () => {
    const since = await moment(MASTER)
    await killTask(MASTER, first)
    const { what, isMeant } = tagged(`eos/nomad/alloc/restarted/${JOB}/web`)
    const restarted = await since.until(what, isMeant)
    expect(restarted.subject['alloc']).toBe(first.alloc)
    expect(restarted.verdict).toMatchObject({ cause: 'policy', confidence: 'proved', restarts: 1 })
    expect(restarted.evidence.join()).toMatch(/nomad:\d+/)
    await untilDelivered()
    const came = told(first.alloc, await since.since())
    expect(came.filter((what) => what.includes('oom'))).toEqual([])
  }, 2 * MINUTE)

  test('too much memory is told by kernel and Nomad alike, linked to each other and to the service', async () => {
    const since = await moment(MASTER)
    await fillMemory(MASTER, await running(MASTER))
    const kernel = await since.until('kernel oom killed', ({ event, verb, subject }) => event === 'kernel/oom' && verb === 'killed' && subject['alloc'] === first.alloc)
    expect(kernel).toMatchObject({ severity: 'critical', origin: 'beacon', subject: { minion: MASTER, alloc: first.alloc }, verdict: { cause: 'own_limit', confidence: 'proved' } })
    const oom = tagged(`eos/nomad/task/oom/${JOB}/web/main`)
    expect(await since.until(oom.what, oom.isMeant)).toMatchObject({ subject: { alloc: first.alloc }, verdict: { cause: 'oom' } })
    const moved = tagged(`eos/nomad/alloc/rescheduled/${JOB}/web`)
    await since.until(moved.what, moved.isMeant)
    const gone = tagged(`eos/consul/service/deregistered/${JOB}`, ({ links }) => links['alloc'] === first.alloc)
    await since.until(`${gone.what} of the old allocation`, gone.isMeant)
    const all = await facts(MASTER)
    expect(told(first.alloc, all)).toEqual(expect.arrayContaining(['kernel/oom killed', 'nomad/task oom', 'nomad/alloc failed', 'consul/service registered', 'consul/service deregistered']))
    const ids = about(first.alloc, all).map(({ id }) => id)
    const shown = about(first.alloc, all).find(({ id }) => id === kernel.id)
    expect(ids.length).toBeGreaterThan(4)
    expect(ids).toEqual(expect.arrayContaining([...(shown?.related ?? [])]))
    expect(shown?.related.length).toBeGreaterThan(0)
  }, 3 * MINUTE)

  test('a purge is told with the end of its allocation, which Nomad itself never tells', async () => {
    const since = await moment(MASTER)
    const last = await running(MASTER)
    await purgeJob(MASTER)
    const purged = tagged(`eos/nomad/job/purged/${JOB}`)
    expect((await since.until(purged.what, purged.isMeant)).verdict).toMatchObject({ cause: 'operator' })
    const stopped = tagged(`eos/nomad/alloc/stopped/${JOB}/web`, ({ subject }) => subject['alloc'] === last.alloc)
    await since.until(stopped.what, stopped.isMeant)
    const all = await since.since()
    expect(all.filter(({ event, verb }) => event === 'nomad/alloc' && verb === 'failed')).toEqual([])
  }, 2 * MINUTE)
})

describe('a service that is registered by hand', () => {
  afterAll(async () => {
    for (const name of [BARE, AFTERWARDS]) await deregisterBare(MASTER, name).catch(() => undefined)
  }, MINUTE)

  test('is deregistered with proof, after the quiet time', async () => {
    const since = await moment(MASTER)
    await registerBare(MASTER)
    const came = tagged(`eos/consul/service/registered/${BARE}`)
    await since.until(came.what, came.isMeant)
    await deregisterBare(MASTER)
    const gone = tagged(`eos/consul/service/deregistered/${BARE}`)
    expect((await since.until(gone.what, gone.isMeant)).verdict).toMatchObject({ cause: 'explicit' })
  }, 3 * MINUTE)

  test('negative: a restart of Consul removes nobody', async () => {
    await registerBare(MASTER)
    const since = await moment(MASTER)
    await restartConsul(MASTER)
    await vi.waitFor(() => registerBare(MASTER, AFTERWARDS), { timeout: MINUTE, interval: 500 })
    const seen = tagged(`eos/consul/service/registered/${AFTERWARDS}`)
    await since.until(seen.what, seen.isMeant, 120)
    await deregisterBare(MASTER, AFTERWARDS)
    const gone = tagged(`eos/consul/service/deregistered/${AFTERWARDS}`)
    await since.until(`${gone.what}, which has the same quiet time as any other`, gone.isMeant, 120)
    const removed = (await since.since()).filter(({ event, verb }) => event === 'consul/service' && verb === 'deregistered')
    expect([...new Set(removed.map(({ subject }) => subject['service']))]).toEqual([AFTERWARDS])
  }, 5 * MINUTE)
})

describe('a client that falls silent', () => {
  afterAll(() => removeSecondClient(MASTER).catch(() => undefined), MINUTE)

  test('is down, and removed when it is purged; one that is only restarted is neither', async () => {
    const since = await moment(MASTER)
    await startSecondClient(MASTER)
    const registered = tagged(`eos/nomad/node/registered/${SECOND_CLIENT}`)
    await since.until(registered.what, registered.isMeant)
    await killSecondClient(MASTER)
    const down = tagged(`eos/nomad/node/down/${SECOND_CLIENT}`)
    expect(await since.until(down.what, down.isMeant, 120)).toMatchObject({ severity: 'critical', verdict: { cause: 'heartbeat', confidence: 'proved' } })
    await removeSecondClient(MASTER)
    const removed = tagged(`eos/nomad/node/removed/${SECOND_CLIENT}`)
    await since.until(removed.what, removed.isMeant, 120)
    const others = (await since.since()).filter(({ event, subject, verb }) => event === 'nomad/node' && subject['node'] !== SECOND_CLIENT && verb !== 'up')
    expect(others).toEqual([])
  }, 6 * MINUTE)
})

describe('a client that may be away for a while', () => {
  afterAll(async () => {
    await purgeJob(MASTER, WAITING_JOB).catch(() => undefined)
    await removeSecondClient(MASTER).catch(() => undefined)
  }, MINUTE)

  test('is disconnected and not down, comes back, and is drained of what still runs there', async () => {
    const since = await moment(MASTER)
    const until = ({ what, isMeant }: Expectation, seconds?: number): Promise<Envelope> => since.until(what, isMeant, seconds)
    await startSecondClient(MASTER)
    await startWaitingJob(MASTER)
    const { alloc } = (await until(tagged(`eos/nomad/alloc/started/${WAITING_JOB}/web`))).subject
    await killSecondClient(MASTER)
    expect(await until(tagged(`eos/nomad/node/disconnected/${SECOND_CLIENT}`), 120)).toMatchObject({ severity: 'warning', verdict: { cause: 'heartbeat', confidence: 'proved' }, change: { from: 'ready' } })
    expect(await until(tagged(`eos/nomad/alloc/disconnected/${WAITING_JOB}/web`))).toMatchObject({ subject: { alloc }, verdict: { cause: 'node_disconnected' } })
    await startSecondClient(MASTER)
    expect((await until(tagged(`eos/nomad/node/up/${SECOND_CLIENT}`))).verdict).toMatchObject({ cause: 'heartbeat', confidence: 'proved' })
    await drainSecondClient(MASTER)
    const started = await until(tagged(`eos/nomad/node/drain_started/${SECOND_CLIENT}`))
    expect(started).toMatchObject({ verdict: { cause: 'operator' }, change: { eligibility: 'ineligible' } })
    expect(started.links['accessor']).toMatch(/^[0-9a-f-]{36}$/)
    expect((await until(tagged(`eos/nomad/node/drain_done/${SECOND_CLIENT}`))).verdict).toMatchObject({ cause: 'drain', confidence: 'proved' })
    const all = await since.since()
    expect(told(String(alloc), all)).not.toContain('nomad/alloc lost')
    expect(all.filter(({ event, verb }) => event === 'nomad/node' && verb === 'down')).toEqual([])
  }, 6 * MINUTE)
})

describe('a person who follows', () => {
  afterAll(async () => {
    await purgeJob(MASTER).catch(() => undefined)
    await deregisterBare(MASTER).catch(() => undefined)
  }, MINUTE)

  test('has each line, and sees how long after its settling it came', async () => {
    const witness = await Witness.of(MASTER)
    try {
      for (const { title, act, expected } of plays.filter(({ isSlow }) => isSlow !== true)) {
        const from = witness.count
        const begun = Date.now()
        await act(MASTER)
        for (const { what, isMeant } of expected) {
          const delay = delayOf(await witness.until(what, isMeant, from, 60), begun)
          console.info(`${title}: ${what} ${shownDelay(delay)}`)
          expect(delay.seconds).toBeLessThan(60)
        }
      }
    } finally {
      await witness.end()
    }
  }, 5 * MINUTE)
})

describe('a sidecar that is killed', () => {
  const names = Array.from({ length: 10 }, (_, number) => `eos-fault-many-${number}`)
  afterAll(async () => {
    for (const name of names) await deregisterBare(MASTER, name).catch(() => undefined)
  }, MINUTE)

  test('loses nothing of what happens while it is away, and counts on without a gap', async () => {
    const since = await moment(MASTER)
    const kill = () => onNode(MASTER, ['systemctl', 'kill', '--signal=KILL', 'eos-sidecar'])
    for (const [number, name] of names.entries()) {
      if (number % 3 === 0) await kill()
      await registerBare(MASTER, name)
    }
    await untilDelivered()
    for (const name of names) {
      const { what, isMeant } = tagged(`eos/consul/service/registered/${name}`)
      await since.until(what, isMeant)
    }
    const came = await since.since()
    for (const name of names) expect(came.filter(({ tag, settled }) => settled && tag === `eos/consul/service/registered/${name}`)).toHaveLength(1)
    const numbers = new Map<string, number[]>()
    for (const { epoch, seq } of came.filter(({ origin }) => origin !== 'beacon')) numbers.set(epoch, [...(numbers.get(epoch) ?? []), seq])
    for (const [epoch, seqs] of numbers) {
      const sorted = seqs.toSorted((a, b) => a - b)
      expect(sorted, epoch).toEqual(sorted.map((_, index) => (sorted[0] ?? 0) + index))
    }
  }, 5 * MINUTE)
})
