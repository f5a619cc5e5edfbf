import { get } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { fault } from './harness/case.ts'
import { startChild } from './harness/children.ts'
import { FOREVER, job } from './harness/jobs.ts'
import { NomadCluster } from './harness/nomad.ts'
import { freePort } from './harness/ports.ts'
import { Scene } from './harness/scene.ts'
import { station } from './harness/station.ts'
import { until } from './harness/until.ts'

const scene = new Scene()
let nomad: NomadCluster

beforeAll(async () => {
  nomad = await NomadCluster.start(scene.folder, scene.authority, { buffers: [5], clients: 1 })
  scene.ends(() => nomad.stop())
}, 120_000)
afterAll(() => scene.end())

const MEGABYTE = 1024 * 1024

describe('Nomad says very much at once', () => {
  // Oracle: the loop of the process seen from outside, by its own health page, beside an idle process that the same machine holds up too.
  // Fails when a frame is parsed on the main thread, or its length is capped.
  fault(42, 'reads a frame of 20 MB without holding its event loop for 200 ms', { runs: 'default', within: 120 }, async () => {
    const here = await station(scene, { nomad, servers: [0] })
    await here.sidecar.start().ready()
    const idle = await idleServer()
    const [ours, theirs] = [watched(() => here.sidecar.page('/healthz')), watched(idle)]
    await nomad.run(job('giant', { script: FOREVER, count: 0, meta: { ballast: 'x'.repeat(20 * MEGABYTE) } }))
    const fact = await here.fact('nomad/job', 'registered', { job: 'giant' }, 60_000)
    const [longest, control] = [await ours(), await theirs()]
    expect(JSON.stringify(fact.body).length).toBeLessThan(65_536)
    expect(longest, `an idle process needed ${control} ms`).toBeLessThan(200 + control)
  })

  // Oracle: 2,000 groups of one job, each with its allocation in one plan. Fails when one of a frame's many events is dropped.
  fault(42, 'tells each of 2,000 allocations of one frame', { runs: 'all', within: 200 }, async () => {
    const here = await station(scene, { nomad, servers: [0] })
    await here.sidecar.start().ready()
    // Stopped, the client starts nothing of what is placed on it. Nomad plans many groups slower than many copies: 2,000 groups take it longer than the client's heartbeat.
    nomad.client(0).signal('SIGSTOP')
    await nomad.run(job('many', { script: FOREVER, groups: 50, count: 40, memory: 10 }))
    const wanted = await until('2,000 are placed', async () => {
      const all = await nomad.allocations('many')
      if (all.length === 2_000) return all
      throw new Error(`${all.length} are`)
    }, 120_000)
    expect(new Set(wanted.map(({ CreateIndex }) => CreateIndex)).size).toBe(1)
    await until('each is told', () => {
      const told = new Set(here.facts('nomad/alloc', 'placed', { job: 'many' }).map(({ subject }) => subject['alloc']))
      return wanted.every(({ ID }) => told.has(ID))
    }, 60_000)
    nomad.client(0).signal('SIGCONT')
    await nomad.delete('/v1/job/many?purge=true')
  })
})

/** Asks again and again; ended, it gives the longest time that an answer took. */
function watched(ask: () => Promise<unknown>): () => Promise<number> {
  let isOver = false
  let longest = 0
  const watch = (async () => {
    while (!isOver) {
      const asked = performance.now()
      await ask()
      longest = Math.max(longest, performance.now() - asked)
      await pause(5)
    }
  })()
  return async () => {
    isOver = true
    await watch
    return longest
  }
}

/** A process that does nothing but answer. */
async function idleServer(): Promise<() => Promise<void>> {
  const port = await freePort()
  const child = startChild('idle', [process.execPath, '-e', `require('node:http').createServer((_, answer) => answer.end('ok')).listen(${port}, '127.0.0.1')`], { folder: scene.place('idle') })
  scene.ends(() => child.kill())
  const ask = (): Promise<void> =>
    new Promise((resolve, reject) => {
      get({ host: '127.0.0.1', port, agent: false }, (answer) => answer.resume().on('end', resolve)).on('error', reject)
    })
  await until('the idle process answers', async () => {
    await ask()
    return true
  })
  return ask
}
