import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest'
import { fault } from './harness/case.ts'
import { ConsulCluster } from './harness/consul.ts'
import type { Envelope } from './harness/envelope.ts'
import { FOREVER, job } from './harness/jobs.ts'
import { NomadCluster } from './harness/nomad.ts'
import { Relay } from './harness/relay.ts'
import { Scene } from './harness/scene.ts'
import { station } from './harness/station.ts'
import { until } from './harness/until.ts'
import { doubled } from './harness/verdict.ts'

const scene = new Scene()
let nomad: NomadCluster
let consul: ConsulCluster
let mark = 0

beforeAll(async () => {
  nomad = await NomadCluster.start(scene.folder, scene.authority, { buffers: [5, 5, 100_000], clients: 2 })
  scene.ends(() => nomad.stop())
  consul = await ConsulCluster.start(scene.folder, scene.authority, { servers: 3, clients: 0 })
  scene.ends(() => consul.stop())
  mark = scene.mark()
}, 120_000)
afterEach(() => scene.endSince(mark))
afterAll(() => scene.end())

/** Ids of facts about Nomad's allocations and jobs whose name begins so. */
function ids(kept: readonly Envelope[], prefix: string): string[] {
  return kept
    .filter(({ event, subject }) => (event === 'nomad/alloc' || event === 'nomad/job') && String(subject['job']).startsWith(prefix))
    .map(({ id }) => id)
    .sort()
}

describe('two sidecars and two clocks', () => {
  // Oracle: Consul's lock. Fails when both send, when the standby starts from nothing, or when ids hold the instance, the seq or the clock.
  fault(41, 'lets one of a pair send, and the other goes on with equal ids when it dies', { runs: 'default', within: 150 }, async () => {
    const pair = { consul: 'dc1', key: 'eos/sidecar/lock', ttl: '10s' }
    const first = await station(scene, { nomad, consul, more: { instance: 'n1', pair } })
    const second = await station(scene, { nomad, consul, receiver: first.receiver, more: { instance: 'n2', pair } })
    await first.sidecar.start().ready()
    second.sidecar.start()
    await until('one of them is active', async () => (await first.sidecar.metric('eos_sidecar_active')) === 1)
    await nomad.run(job('pair-before', { script: FOREVER }))
    await first.fact('nomad/alloc', 'started', { job: 'pair-before' })
    expect(await second.sidecar.metric('eos_sidecar_active')).toBe(0)
    const epochs = new Set(first.receiver.kept.map(({ epoch }) => epoch))
    expect(epochs.size).toBe(1)
    await first.sidecar.kill()
    await nomad.run(job('pair-meanwhile', { script: FOREVER }))
    await until('the other is active', async () => (await second.sidecar.metric('eos_sidecar_active')) === 1, 60_000)
    await first.fact('nomad/alloc', 'started', { job: 'pair-meanwhile' }, 30_000)
    await nomad.run(job('pair-after', { script: FOREVER }))
    await first.fact('nomad/alloc', 'started', { job: 'pair-after' })
    const told = first.facts('nomad/alloc', 'started')
    expect(new Set(told.map(({ epoch }) => epoch)).size).toBe(2)
    expect(told.filter(({ subject }) => subject['job'] === 'pair-before').length).toBe(1)
    expect(doubled(first.receiver.kept)).toEqual([])
    expect(first.receiver.violations).toEqual([])
  })

  // Double: a preload that shifts the sidecar's clock by an hour and back. Oracle: an undisturbed sidecar. Fails when an id or an order holds our clock.
  fault(40, 'gives the same ids and order while its clock jumps by an hour', { runs: 'default', within: 90 }, async () => {
    const preload = join(scene.folder, 'clock.mjs')
    writeFileSync(preload, `const real = Date.now.bind(Date)\nconst began = performance.now()\nDate.now = () => real() + (Math.floor((performance.now() - began) / 2000) % 2 === 0 ? -3_600_000 : 3_600_000)\n`)
    const straight = await station(scene, { nomad })
    const jumping = await station(scene, { nomad, more: { wrapper: ['env', `NODE_OPTIONS=--import=${preload}`] } })
    await Promise.all([straight.sidecar.start().ready(), jumping.sidecar.start().ready()])
    for (let number = 0; number < 8; number += 1) {
      await nomad.run(job(`clock-${number}`, { script: 'exit 1', type: 'batch', restarts: 1, delay: 1 }))
      await pause(500)
    }
    for (const { receiver, facts } of [straight, jumping]) await until('all failed', () => facts('nomad/alloc', 'failed').filter(({ subject }) => String(subject['job']).startsWith('clock-')).length === 8 && receiver.kept.length > 0)
    expect(ids(jumping.receiver.kept, 'clock-')).toEqual(ids(straight.receiver.kept, 'clock-'))
    expect(jumping.receiver.kept.filter(({ event }) => event === 'bridge').map(({ verb }) => verb).filter((verb) => verb === 'degraded' || verb === 'gap')).toEqual([])
  })

  // Double: a relay sets the client's task times back by an hour. Oracle: an undisturbed sidecar. Fails when a client's clock drives order or cursor.
  fault(40, 'tells the same facts in the same order of a node whose clock is an hour late', { runs: 'default', within: 90 }, async () => {
    const relay = await Relay.open(nomad.server(0).ports.http, scene.authority)
    scene.ends(() => relay.close())
    relay.twist = { rewrite: (_, line) => line.replaceAll(/("(?:Time|FailedAt|ModifyTime)":)(\d{19})/g, (__, name: string, digits: string) => `${name}${String(BigInt(digits) - 3_600_000_000_000n)}`) }
    const straight = await station(scene, { nomad, servers: [0] })
    const skewed = await station(scene, { nomad, servers: [], more: { nomad: { addresses: [relay.url], token: nomad.api.token } } })
    await Promise.all([straight.sidecar.start().ready(), skewed.sidecar.start().ready()])
    for (let number = 0; number < 5; number += 1) await nomad.run(job(`skew-${number}`, { script: 'sleep 0.3; exit 1', type: 'batch', restarts: 1, delay: 1 }))
    for (const { facts } of [straight, skewed]) await until('all failed', () => facts('nomad/alloc', 'failed').filter(({ subject }) => String(subject['job']).startsWith('skew-')).length === 5)
    const order = (kept: readonly Envelope[]): string[] => kept.filter(({ event, subject }) => event === 'nomad/alloc' && String(subject['job']).startsWith('skew-')).map(({ verb, subject }) => `${String(subject['alloc'])} ${verb}`).sort()
    expect(order(skewed.receiver.kept)).toEqual(order(straight.receiver.kept))
    expect(skewed.receiver.violations).toEqual([])
  })
})
