import { execFileSync } from 'node:child_process'
import { statfsSync, writeFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest'
import { fault, isAll } from './harness/case.ts'
import { FOREVER, job } from './harness/jobs.ts'
import { NomadCluster } from './harness/nomad.ts'
import { Scene } from './harness/scene.ts'
import { station } from './harness/station.ts'
import { until } from './harness/until.ts'
import { disorder, doubled, gaps } from './harness/verdict.ts'

const scene = new Scene()
let nomad: NomadCluster
let mark = 0

beforeAll(async () => {
  nomad = await NomadCluster.start(scene.folder, scene.authority, { buffers: [5, 5, 100_000], clients: 2 })
  scene.ends(() => nomad.stop())
  mark = scene.mark()
}, 120_000)
afterEach(() => scene.endSince(mark))
afterAll(() => scene.end())

/** Registers one version after the other of a job that places nothing; gives the last version. */
async function versions(id: string, count: number, perSecond: number): Promise<number> {
  for (let version = 0; version < count; version += 1) {
    const next = pause(1_000 / perSecond)
    await nomad.run(job(id, { script: FOREVER, count: 0, meta: { version: String(version) } }))
    await next
  }
  return count - 1
}

describe('the receiver or the disk fails', () => {
  // Double: a receiver that is not there. Oracle: the versions that were registered. Fails when the outbox is memory, or drains out of order.
  fault(37, 'keeps everything on disk while the master is down and drains it in order', { runs: 'default', within: 900 }, async () => {
    const here = await station(scene, { nomad })
    await here.sidecar.start().ready()
    await here.receiver.stop()
    const ends = performance.now() + (isAll() ? 600_000 : 10_000)
    const count = 150
    await versions('outage', count, 20)
    expect(await here.sidecar.metric('eos_sidecar_outbox_depth')).toBeGreaterThanOrEqual(count)
    await here.sidecar.kill()
    here.sidecar.start()
    while (performance.now() < ends) await pause(500)
    await here.receiver.start()
    await until('every version has come', () => here.facts('nomad/job', undefined, { job: 'outage' }).length >= count, 40_000)
    const told = here.facts('nomad/job', undefined, { job: 'outage' })
    expect(told.map(({ verb }) => verb)).toEqual(['registered', ...Array.from({ length: count - 1 }, () => 'updated')])
    expect(told.map(({ seq }) => seq)).toEqual(told.map(({ seq }) => seq).sort((one, other) => one - other))
    expect(gaps(here.receiver.kept)).toEqual([])
    expect(here.receiver.violations).toEqual([])
  })

  // Double: a receiver of one event a second. Oracle: the outbox's depth against what was registered. Fails when the stream waits for the receiver.
  fault(38, 'reads on while the master takes one event a second', { runs: 'default', within: 150 }, async () => {
    // A server that forgets nothing: a short buffer would blame the master for a busy machine.
    const here = await station(scene, { nomad, servers: [2] })
    await here.sidecar.start().ready()
    here.receiver.rate = 1
    const count = isAll() ? 4_000 : 400
    await versions('slow', count, 200)
    await until('all of it is in the outbox', async () => (await here.sidecar.metric('eos_sidecar_last_seq')) >= count, 20_000)
    expect(here.receiver.kept.length).toBeLessThan(60)
    expect(here.facts('bridge', 'gap')).toEqual([])
    here.receiver.rate = Number.POSITIVE_INFINITY
    await until('every version has come', () => here.facts('nomad/job', undefined, { job: 'slow' }).length >= count, 60_000)
    expect(gaps(here.receiver.kept)).toEqual([])
    expect(disorder(here.receiver.kept)).toEqual([])
    expect(here.receiver.kept.filter(({ event, coalesced }) => event === 'nomad/job' && coalesced > 0)).toEqual([])
  })

  // Oracle: the versions that were registered while the disk was full. Fails when a fact is acknowledged or a cursor moves without the disk.
  fault(39, 'keeps its cursor and raises an alarm while the disk is full, then recovers', { runs: 'default', within: 120 }, async () => {
    const disk = scene.place('disk')
    const here = await onDisk(disk, 8)
    await here.sidecar.start().ready()
    await nomad.run(job('disk', { script: FOREVER }))
    await here.fact('nomad/alloc', 'started', { job: 'disk' })
    const seen = `/proc/${here.sidecar.pid}/root${disk}`
    fill(seen)
    await versions('full', 40, 50)
    await until('the alarm is raised', async () => (await here.sidecar.metric('eos_sidecar_journal_disk_refusing')) === 1, 30_000)
    expect((await here.sidecar.page('/readyz')).status).not.toBe(200)
    rmSync(join(seen, 'filler'))
    await until('the last version has come', () => here.facts('nomad/job', undefined, { job: 'full' }).some(({ change }) => change['to'] === 39), 60_000)
    await here.sidecar.ready()
    await until('the alarm is written', () => here.facts('bridge').some(({ verb, verdict }) => verb === 'alarm' && String(verdict['cause']).includes('disk')))
    expect(doubled(here.receiver.kept)).toEqual([])
    expect(gaps(here.receiver.kept)).toEqual([])
  })

  // Oracle: the versions that were registered meanwhile. Fails when EROFS ends the process for good, or is taken for an empty journal.
  fault(39, 'recovers from a disk that is read-only when it starts', { runs: 'default', within: 120 }, async () => {
    const disk = scene.place('disk')
    const journal = join(disk, 'journal.db')
    const before = await station(scene, { nomad, more: { journal } })
    await before.sidecar.start().ready()
    await nomad.run(job('readonly', { script: FOREVER }))
    await before.fact('nomad/alloc', 'started', { job: 'readonly' })
    await before.sidecar.end()
    // A mount of its own over the folder, which only this process sees.
    const mount = `mount --bind '${disk}' '${disk}' && mount -o remount,bind,ro '${disk}' && exec "$@"`
    const here = await station(scene, { nomad, receiver: before.receiver, more: { journal, wrapper: ['unshare', '--mount', 'sh', '-c', mount, 'sh'] } })
    here.sidecar.start()
    await until('it says that it is not ready', async () => (await here.sidecar.page('/readyz')).status === 503)
    await versions('readonly-after', 10, 20)
    expect(here.facts('nomad/job', 'registered', { job: 'readonly-after' })).toEqual([])
    execFileSync('nsenter', ['-t', String(here.sidecar.pid), '-m', 'mount', '-o', 'remount,bind,rw', disk])
    await until('the last version has come', () => here.facts('nomad/job', undefined, { job: 'readonly-after' }).some(({ change }) => change['to'] === 9), 60_000)
    await here.sidecar.ready()
    expect(doubled(here.receiver.kept)).toEqual([])
  })
})

/** A station whose journal is on a small file system that only the sidecar's process sees, so that it ends with it. */
async function onDisk(disk: string, megabytes: number): Promise<Awaited<ReturnType<typeof station>>> {
  const mount = `mount -t tmpfs -o size=${megabytes}m none '${disk}' && exec "$@"`
  return station(scene, { nomad, more: { journal: join(disk, 'journal.db'), wrapper: ['unshare', '--mount', 'sh', '-c', mount, 'sh'] } })
}

/** Takes every byte that is left. */
function fill(folder: string): void {
  const { bavail, bsize } = statfsSync(folder)
  try {
    writeFileSync(join(folder, 'filler'), Buffer.alloc(bavail * bsize))
  } catch (problem) {
    if (!(problem instanceof Error) || !problem.message.includes('ENOSPC')) throw problem
  }
}
