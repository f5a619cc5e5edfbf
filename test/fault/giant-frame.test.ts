import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { fault } from './harness/case.ts'
import { FOREVER, job } from './harness/jobs.ts'
import { NomadCluster } from './harness/nomad.ts'
import { Scene } from './harness/scene.ts'
import { station } from './harness/station.ts'

const scene = new Scene()
let nomad: NomadCluster

beforeAll(async () => {
  nomad = await NomadCluster.start(scene.folder, scene.authority, { buffers: [5], clients: 1 })
  scene.ends(() => nomad.stop())
}, 120_000)
afterAll(() => scene.end())

const MEGABYTE = 1024 * 1024

describe('Nomad says very much at once', () => {
  // Oracle: the loop of the process seen from outside, by its own health page. Fails when a frame is parsed on the main thread, or its length is capped.
  fault(42, 'reads a frame of 20 MB without holding its event loop for 200 ms', { runs: 'default', within: 120 }, async () => {
    const here = await station(scene, { nomad, servers: [0] })
    await here.sidecar.start().ready()
    let isOver = false
    let longest = 0
    const watch = (async () => {
      while (!isOver) {
        const asked = performance.now()
        await here.sidecar.page('/healthz')
        longest = Math.max(longest, performance.now() - asked)
        await pause(5)
      }
    })()
    await nomad.run(job('giant', { script: FOREVER, count: 0, meta: { ballast: 'x'.repeat(20 * MEGABYTE) } }))
    const fact = await here.fact('nomad/job', 'registered', { job: 'giant' }, 60_000)
    isOver = true
    await watch
    expect(JSON.stringify(fact.body).length).toBeLessThan(65_536)
    expect(longest).toBeLessThan(200)
  })

  // Oracle: 2,000 groups of one job, each with its allocation in one plan. Fails when one of a frame's many events is dropped.
  fault(42, 'tells each of 2,000 allocations of one frame', { runs: 'all', within: 200 }, async () => {
    const here = await station(scene, { nomad, servers: [0] })
    await here.sidecar.start().ready()
    // Stopped, the client starts nothing of what is placed on it.
    nomad.client(0).signal('SIGSTOP')
    await nomad.run(job('many', { script: FOREVER, groups: 2_000, memory: 10 }))
    const wanted = await nomad.allocations('many')
    expect(wanted.length).toBe(2_000)
    await here.fact('nomad/alloc', 'placed', { job: 'many' })
    await pause(3_000)
    const told = new Set(here.facts('nomad/alloc', 'placed', { job: 'many' }).map(({ subject }) => subject['alloc']))
    expect(wanted.filter(({ ID }) => !told.has(ID)).length).toBe(0)
    nomad.client(0).signal('SIGCONT')
    await nomad.delete('/v1/job/many?purge=true')
  })
})
