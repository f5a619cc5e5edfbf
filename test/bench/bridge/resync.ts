import { Agent, get } from 'node:https'
import { readFileSync } from 'node:fs'
import { ConsulCluster } from '../../fault/harness/consul.ts'
import { residentAtRest, residentNow } from '../../fault/harness/resident.ts'
import type { Scene } from '../../fault/harness/scene.ts'
import { station, type Station } from '../../fault/harness/station.ts'
import { until } from '../../fault/harness/until.ts'
import { Generator } from './generator.ts'
import type { Recorded } from './recorded.ts'
import { round } from './statistics.ts'

/** How long it takes to know everything again, beside what it costs to list it and parse it. */
export interface Resync {
  readonly objects: number
  /** Milliseconds for GET and JSON.parse of the same lists by a plain client. */
  readonly listing: number
  /** Bytes of them. */
  readonly bytes: number
  /** Milliseconds from the start of a sidecar that knows nothing until it is ready. */
  readonly first: number
  /** Milliseconds from the start of a sidecar that knows an older state until the fact of every change was acknowledged. */
  readonly again: number
  /** Facts of it. */
  readonly facts: number
  /** Resident bytes of the sidecar right after that, and once it is at rest. */
  readonly resident: number
  readonly rest: number
}

const ALLOCATIONS = 10_000
const SERVICES = 5_000

/** Nomad: 10,000 allocations behind a double, each changed while the sidecar is down and the stream has forgotten it. */
export async function measureNomadResync(scene: Scene, recorded: Recorded, program: readonly string[]): Promise<Resync> {
  const load = await Generator.start(scene, recorded, ALLOCATIONS)
  const token = 'e5f7c0de-0000-4000-8000-00000000be7c'
  const here = await station(scene, { more: { program, nomad: { addresses: [load.url], token } } })
  const first = await untilReady(here)
  await here.sidecar.end()
  await load.age(1_000)
  const before = here.facts('nomad/alloc', 'restarted').length
  const again = await timed(async () => {
    here.sidecar.start()
    await until('every change is told', () => here.facts('nomad/alloc', 'restarted').length - before >= ALLOCATIONS, 120_000, 20)
  })
  const { resident } = residentNow(here.sidecar.pid)
  const listed = await listing(scene, [`${load.url}/v1/allocations?namespace=*&task_states=true&resources=false`], { 'X-Nomad-Token': token })
  const { resident: rest } = await residentAtRest(here.sidecar.pid)
  await here.sidecar.end()
  return { objects: ALLOCATIONS, ...listed, first, again, facts: ALLOCATIONS, resident, rest }
}

/** Consul: 5,000 instances of a real server, each with a check that changes while the sidecar is down. */
export async function measureConsulResync(scene: Scene, program: readonly string[]): Promise<Resync> {
  const consul = await ConsulCluster.start(scene.place('consul'), scene.authority, { servers: 1, clients: 0 })
  scene.ends(() => consul.stop())
  await fill(consul, 'passing')
  const here = await station(scene, { consul, more: { program } })
  const first = await untilReady(here)
  await here.sidecar.end()
  await fill(consul, 'critical')
  const again = await timed(async () => {
    here.sidecar.start()
    await until('every change is told', () => here.facts('consul/service', 'critical').length >= SERVICES, 120_000, 20)
  })
  const { resident } = residentNow(here.sidecar.pid)
  const lists = ['health/state/any', 'catalog/services', 'catalog/nodes'].map((path) => `https://127.0.0.1:${consul.port()}/v1/${path}`)
  const listed = await listing(scene, lists, { 'X-Consul-Token': consul.api.token })
  const { resident: rest } = await residentAtRest(here.sidecar.pid)
  await here.sidecar.end()
  return { objects: SERVICES, ...listed, first, again, facts: SERVICES, resident, rest }
}

async function untilReady(here: Station): Promise<number> {
  return timed(async () => {
    await here.sidecar.start().ready(120_000)
  })
}

async function fill(consul: ConsulCluster, status: string): Promise<void> {
  const each = 32
  for (let start = 0; start < SERVICES; start += each) {
    const operations = Array.from({ length: Math.min(each, SERVICES - start) }, (_, offset) => start + offset).flatMap((number) => {
      const id = `svc-${number % 500}-${number}`
      const node = `load-${number % 50}`
      return [
        { Service: { Verb: 'set', Node: node, Service: { Service: `svc-${number % 500}`, ID: id, Port: 8000 } } },
        { Check: { Verb: 'set', Check: { Node: node, CheckID: `check-${id}`, Name: 'load', ServiceID: id, Status: status } } },
      ]
    })
    if (start === 0 && status === 'passing') for (let node = 0; node < 50; node += 1) await consul.put('/v1/catalog/register', { Node: `load-${node}`, Address: '127.0.0.9' })
    await consul.put('/v1/txn', operations)
  }
}

async function listing(scene: Scene, urls: readonly string[], headers: Readonly<Record<string, string>>): Promise<{ readonly listing: number; readonly bytes: number }> {
  const agent = new Agent({ ca: readFileSync(scene.authority.ca), keepAlive: true })
  let bytes = 0
  const milliseconds = await timed(async () => {
    for (const url of urls) {
      const said = await new Promise<Buffer>((resolve, reject) => {
        get(url, { agent, headers }, (response) => {
          const parts: Buffer[] = []
          response.on('data', (part: Buffer) => parts.push(part))
          response.on('end', () => resolve(Buffer.concat(parts)))
        }).on('error', reject)
      })
      bytes += said.length
      JSON.parse(said.toString())
    }
  })
  agent.destroy()
  return { listing: milliseconds, bytes }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const began = performance.now()
  await work()
  return round(performance.now() - began)
}
