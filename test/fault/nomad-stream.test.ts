import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest'
import { fault, isAll } from './harness/case.ts'
import { FOREVER, job } from './harness/jobs.ts'
import { NomadCluster } from './harness/nomad.ts'
import { Relay } from './harness/relay.ts'
import { Scene } from './harness/scene.ts'
import { station } from './harness/station.ts'
import { until } from './harness/until.ts'
import { rows } from './harness/value.ts'
import { builtVersion } from './harness/versions.ts'
import { disorder, doubled, gaps } from './harness/verdict.ts'

const scene = new Scene()
const older = builtVersion('1.10.')
const zero = builtVersion('1.11.2')
let nomad: NomadCluster
let mark = 0

beforeAll(async () => {
  nomad = await NomadCluster.start(scene.folder, scene.authority, { buffers: [5, 5, 100_000], clients: 2 })
  scene.ends(() => nomad.stop())
  mark = scene.mark()
}, 120_000)
afterEach(() => scene.endSince(mark))
afterAll(() => scene.end())

/** Registers a version of a job that is large enough to fill the kernel's buffers soon. */
function large(version: number): Promise<unknown> {
  return nomad.run(job('large', { script: FOREVER, meta: { version: String(version), ballast: 'x'.repeat(200_000) } }))
}

describe('the way to Nomad fails', () => {
  // Oracle: Nomad's own version list. Fails when the socket waits for judge, journal or receiver, or an evicted reader is not found out.
  fault(10, 'repairs from the lists what a dripping line made it lose', { runs: 'default', within: 150 }, async () => {
    const here = await station(scene, { nomad, servers: [0], more: { timing: { watchdog: '35s' } } })
    await here.sidecar.start().ready()
    await large(0)
    await here.fact('nomad/job', 'registered', { job: 'large' })
    for (const proxy of here.nomad) proxy.drip(1_024)
    const count = isAll() ? 250 : 60
    for (let version = 1; version <= count; version += 1) await large(version)
    const before = here.receiver.kept.length
    for (const proxy of here.nomad) {
      proxy.drip(Number.POSITIVE_INFINITY)
    }
    await until('the last version has come', () => here.facts('nomad/job', 'updated', { job: 'large' }).find(({ change }) => change['to'] === count), 100_000)
    // It is said after what the lists told.
    await until('what was lost is said', () => [...here.facts('bridge', 'gap'), ...here.facts('bridge', 'reread')][0])
    expect(here.receiver.kept.length).toBeGreaterThan(before)
    expect(gaps(here.receiver.kept)).toEqual([])
  })

  // Oracle: the job on the other server. Fails when only TCP keepalive or the end of the stream tells that the peer is gone: hours.
  fault(11, 'gives a half-open connection up that brings nothing', { runs: 'default', within: 150 }, async () => {
    const here = await station(scene, { nomad, servers: [0, 1] })
    await here.sidecar.start().ready()
    await nomad.run(job('half', { script: FOREVER }))
    await here.fact('nomad/alloc', 'started', { job: 'half' })
    const used = here.nomad[0]?.open === 0 ? 1 : 0
    const [dead, other] = [here.nomad[used], here.nomad[1 - used]]
    const accepted = other?.accepted ?? 0
    if (dead !== undefined) dead.mode = 'drop'
    await nomad.run(job('half-after', { script: FOREVER }))
    await until('it goes to the other server', () => (other?.accepted ?? 0) > accepted, 90_000, 50)
    await here.fact('nomad/alloc', 'started', { job: 'half-after' })
  })

  // Oracle: each job's own allocation. Fails when an unterminated tail is parsed, or the cursor moves over it.
  fault(12, 'reads again what a cut inside a line took', { runs: 'default', within: 120 }, async () => {
    const here = await station(scene, { nomad, servers: [0] })
    await here.sidecar.start().ready()
    const cuts = isAll() ? 60 : 12
    for (let cut = 0; cut < cuts; cut += 1) {
      here.nomad[0]?.cutAfter(1 + Math.floor(Math.random() * 6_000))
      await nomad.run(job(`cut-${cut}`, { script: 'true', type: 'batch' }))
    }
    here.nomad[0]?.cutAfter(Number.POSITIVE_INFINITY)
    await until('every job has its start', async () => {
      const lost = Array.from({ length: cuts }, (_, cut) => `cut-${cut}`).filter((id) => here.facts('nomad/alloc', 'started', { job: id }).length === 0)
      if (lost.length > 0) throw new Error(`no start of ${lost.join(', ')}`)
      return true
    }, 60_000)
    expect(here.sidecar.isRunning).toBe(true)
    expect(doubled(here.receiver.kept)).toEqual([])
    expect(disorder(here.receiver.kept)).toEqual([])
  })

  // Double: a relay says Nomad 1.10's own line into a real stream. Fails when a line that is no JSON ends the source or moves the cursor.
  fault(13, 'takes a plain line of an old server as an error of the stream', { runs: 'default', within: 60 }, async () => {
    const relay = await relayed(0)
    const here = await station(scene, { nomad, servers: [], more: { nomad: { addresses: [relay.url], token: nomad.api.token } } })
    await here.sidecar.start().ready()
    await until('the stream is open', () => relay.streams > 0)
    relay.say('subscription closed by server, client should resubscribe\n', true)
    await nomad.run(job('plain', { script: FOREVER }))
    await here.fact('nomad/alloc', 'started', { job: 'plain' })
    relay.say('event dropped from buffer', true)
    await nomad.run(job('plain-again', { script: FOREVER }))
    await here.fact('nomad/alloc', 'started', { job: 'plain-again' })
    expect(here.sidecar.isRunning).toBe(true)
    expect(doubled(here.receiver.kept)).toEqual([])
  })

  // Oracle: Nomad 1.10 itself. Fails as the case above does.
  fault(13, 'takes the error line of a real Nomad 1.10 whose token was deleted as a lost right', { runs: 'all', within: 90, skip: older.reason }, async () => {
    const cluster = await alone(older.binary)
    const here = await station(scene, { nomad: cluster, servers: [0], more: { timing: { token_check: '2s' } } })
    await here.sidecar.start().ready()
    await cluster.delete(`/v1/acl/token/${here.nomadToken.accessor}`)
    expect((await here.fact('bridge', 'degraded', {}, 30_000)).verdict['cause']).toBe('auth')
    here.sidecar.writeToken('nomad', cluster.api.token)
    await here.fact('bridge', 'recovered', {}, 30_000)
    await cluster.run(job('ten', { script: FOREVER }))
    await here.fact('nomad/job', 'registered', { job: 'ten' })
  })

  // Oracle: Nomad 1.11.2 itself. Fails as the case below does.
  fault(14, 'names a real Nomad 1.11.2 and reads its lists', { runs: 'all', within: 90, skip: zero.reason }, async () => {
    const cluster = await alone(zero.binary)
    const here = await station(scene, { nomad: cluster, servers: [0], more: { timing: { audit: '2s' } } })
    here.sidecar.start()
    expect(String((await here.fact('bridge', 'degraded')).verdict['detail'])).toMatch(/1\.11\.2/)
    await cluster.run(job('polled-really', { script: FOREVER }))
    await here.fact('nomad/job', 'registered', { job: 'polled-really' }, 30_000)
  })

  // Double: a relay gives Nomad 1.11.2's status line. Fails when the parser's error is told as a network fault, or nothing is read meanwhile.
  fault(14, 'names the version that answers HTTP/0.0 and reads lists instead', { runs: 'default', within: 90 }, async () => {
    const relay = await relayed(0)
    relay.twist = {
      answer: (asked, response) => {
        if (!(asked.url ?? '').startsWith('/v1/event/stream')) return false
        response.socket?.write('HTTP/0.0 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{}\n')
        return true
      },
    }
    const here = await station(scene, { nomad, servers: [], more: { nomad: { addresses: [relay.url], token: nomad.api.token }, timing: { audit: '2s' } } })
    here.sidecar.start()
    const degraded = await here.fact('bridge', 'degraded')
    expect(String(degraded.verdict['detail'])).toMatch(/1\.11\.2/)
    await nomad.run(job('polled', { script: FOREVER }))
    await here.fact('nomad/alloc', 'started', { job: 'polled' }, 30_000)
  })
})

/** One server of another version. */
async function alone(binary: string): Promise<NomadCluster> {
  const cluster = await NomadCluster.start(scene.place('alone'), scene.authority, { buffers: [5], clients: 0, binary })
  scene.ends(() => cluster.stop())
  return cluster
}

async function relayed(server: number): Promise<Relay> {
  const relay = await Relay.open(nomad.server(server).ports.http, scene.authority)
  scene.ends(() => relay.close())
  expect(rows(await nomad.get('/v1/nodes')).length).toBe(2)
  return relay
}
