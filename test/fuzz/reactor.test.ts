import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { countInbox, readInbox } from '../fault/harness/inbox.ts'
import { FOREVER, job } from '../fault/harness/jobs.ts'
import { NomadCluster } from '../fault/harness/nomad.ts'
import { SaltMaster, unpackedWheel } from '../fault/harness/salt-master.ts'
import { Scene } from '../fault/harness/scene.ts'
import type { Sidecar } from '../fault/harness/sidecar.ts'
import { station } from '../fault/harness/station.ts'
import { until } from '../fault/harness/until.ts'
import { at, isRow, text, type Row } from '../fault/harness/value.ts'
import { HOSTILE, OWNED } from './hostile.ts'
import { recordedTemplate } from './template.ts'

const scene = new Scene()
const folder = scene.place('m')
const socket = join(folder, 'bridge.sock')
const inbox = join(folder, 'inbox.db')
const heard = join(folder, 'heard.jsonl')
let master: SaltMaster

/** A reactor of a user: what Salt gives it, it writes down. */
const REACTOR = `#!py
import json


def run():
    with open(${JSON.stringify(heard)}, "a") as lines:
        lines.write(json.dumps({"tag": tag, "data": data}) + "\\n")
    return {}
`

beforeAll(async () => {
  rmSync(OWNED, { force: true })
  mkdirSync(join(folder, 'srv'), { recursive: true })
  writeFileSync(join(folder, 'srv', 'heard.sls'), REACTOR)
  const reactor = [{ 'eos/nomad/*': [join(folder, 'srv', 'heard.sls')] }]
  master = (await SaltMaster.make(folder, await unpackedWheel(scene.folder), { engines: [{ eos_bridge: { socket, inbox, peers: ['root'] } }], reactor })).start()
  scene.ends(() => master.kill())
  await until('the engine listens', () => existsSync(socket), 30_000)
}, 60_000)
afterAll(() => scene.end())

/** What the reactor wrote about jobs, by the job's name. */
function reactions(): ReadonlyMap<string, Row> {
  if (!existsSync(heard)) return new Map()
  const found = new Map<string, Row>()
  for (const line of readFileSync(heard, 'utf8').split('\n')) {
    if (line === '') continue
    const parsed: unknown = JSON.parse(line)
    if (isRow(parsed) && text(parsed, 'data', 'event') === 'nomad/job') found.set(text(parsed, 'data', 'subject', 'job'), parsed)
  }
  return found
}

/** True when the reactor wrote each of them down; names those that it did not, and whether the inbox has them. */
function allReacted(names: readonly string[]): boolean {
  const seen = reactions()
  const lost = names.filter((name) => !seen.has(name))
  if (lost.length === 0) return true
  const kept = new Set(readInbox(inbox).map(({ subject }) => subject['job']))
  throw new Error(`${seen.size} reacted; not ${lost.map((name) => `${JSON.stringify(name.slice(0, 80))}${kept.has(name) ? ' (in the inbox)' : ''}`).join(', ')}`)
}

describe('hostile values on their way to a reactor', () => {
  // Fails when a value is rendered, cut, taken for another event, or lost without a dead letter.
  it('arrive as they are, and nothing else arrives', { timeout: 120_000 }, async () => {
    const { fake, register } = await recordedTemplate(scene)
    const here = await station(scene, { more: { socket, nomad: { addresses: [fake.url], token: 'e5f7c0de-0000-4000-8000-00000000f022' } } })
    await here.sidecar.start().ready()
    await until('the stream is open', () => fake.readers > 0)
    for (const value of HOSTILE) register(value)
    await until('every value reacted', () => allReacted(HOSTILE), 40_000)
    for (const value of HOSTILE) {
      const envelope = readInbox(inbox).find(({ event, subject }) => event === 'nomad/job' && subject['job'] === value)
      const { _stamp: _, ...data } = dataOf(reactions().get(value))
      expect({ ...data, related: [] }).toEqual({ ...envelope?.body, related: [] })
      expect(text(reactions().get(value), 'tag')).toBe(envelope?.tag)
    }
    expect([...reactions().keys()].sort()).toEqual([...HOSTILE].sort())
    expect(existsSync(OWNED)).toBe(false)
  })

  // Fails when what is too large is cut, or dropped in silence.
  it('become a dead letter where they are too large for an envelope', { timeout: 60_000 }, async () => {
    const { fake, register } = await recordedTemplate(scene)
    const here = await station(scene, { more: { instance: 'n2', socket, nomad: { addresses: [fake.url], token: 'e5f7c0de-0000-4000-8000-00000000f022' } } })
    await here.sidecar.start().ready()
    await until('the stream is open', () => fake.readers > 0)
    const before = await letters(here.sidecar)
    for (const length of [2_000, 70_000]) register('y'.repeat(length))
    register('after-the-large-one')
    await until('what came after it reacted', () => reactions().has('after-the-large-one'), 30_000)
    await until('the dead letter is told', () => readInbox(inbox).find(({ event, verb }) => event === 'bridge' && verb === 'dead_letter'), 30_000)
    const arrived = [...reactions().keys()].filter((name) => name.startsWith('yyy'))
    expect(arrived.every((name) => name.length === 2_000)).toBe(true)
    expect((await letters(here.sidecar)) - before + arrived.length).toBeGreaterThanOrEqual(2)
  })

  // Oracle: Nomad itself says which values it takes. Fails as the first case does, with nothing of ours before the sidecar.
  it('arrive as they are from a real Nomad that accepts them', { timeout: 120_000 }, async () => {
    const nomad = await NomadCluster.start(scene.place('nomad'), scene.authority, { buffers: [100], clients: 1 })
    scene.ends(() => nomad.stop())
    const here = await station(scene, { nomad, servers: [0], more: { instance: 'n3', socket } })
    await here.sidecar.start().ready()
    const taken: string[] = []
    for (const value of HOSTILE) {
      const id = `real ${value}`.replaceAll(' ', '_')
      if ((await nomad.call('POST', '/v1/jobs', { Job: job(id, { script: FOREVER, count: 0, meta: { value } }) })).status === 200) taken.push(id)
    }
    expect(taken.length).toBeGreaterThan(10)
    await until('every job reacted', () => allReacted(taken), 40_000)
    for (const id of taken) expect(text(reactions().get(id), 'data', 'subject', 'job')).toBe(id)
    expect(existsSync(OWNED)).toBe(false)
  })
})

/** Dead letters of a sidecar and of the engine. */
async function letters(sidecar: Sidecar): Promise<number> {
  return (await sidecar.metric('eos_sidecar_dead_letters')) + countInbox(inbox, 'dead')
}

function dataOf(reaction: Row | undefined): Row {
  const data = at(reaction, 'data')
  return isRow(data) ? data : {}
}
