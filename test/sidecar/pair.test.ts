import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { ConsulCluster } from '../fault/harness/consul.ts'
import { Scene } from '../fault/harness/scene.ts'
import { Engine } from './engine.ts'
import { Child, until, writeConfig } from './rig.ts'

/** How long a session lives, in milliseconds; Consul may let it live for twice as long. */
const TTL = 4000
const scene = new Scene()
let consul: ConsulCluster
let token = ''
let children: Child[] = []
let engine: Engine

beforeAll(async () => {
  // Consul lets no session be shorter than 10 s unless told so; every span of a pair is a multiple of it.
  consul = await ConsulCluster.start(scene.folder, scene.authority, { servers: 1, clients: 0, settings: { session_ttl_min: '1s' } })
  scene.ends(() => consul.stop())
  token = (await consul.token('session_prefix "" { policy = "write" } key_prefix "eos/" { policy = "write" } agent_prefix "" { policy = "read" }')).secret
}, 90_000)

afterEach(async () => {
  consul.server(0).signal('SIGCONT')
  for (const child of children) await child.kill('SIGKILL')
  await engine.stop()
  children = []
})
afterAll(() => scene.end())

interface Half {
  readonly child: Child
  readonly active: () => Promise<boolean>
}

/** Two sidecars with their own journals, one engine, one lock; the first is active when this returns. */
async function pair(key: string): Promise<{ readonly first: Half; readonly second: Half }> {
  const folder = scene.place(key)
  const socket = join(folder, 'bridge.sock')
  engine = new Engine(socket)
  await engine.start()
  const first = half(join(folder, 'a'), 'n1', socket, key)
  await until('the first is active', first.active)
  const second = half(join(folder, 'b'), 'n2', socket, key)
  await until('the second greets as standby', () => engine.hellos.some(({ instance, role }) => instance === 'n2' && role === 'standby'))
  return { first, second }
}

function half(folder: string, instance: string, socket: string, key: string): Half {
  const file = join(folder, 'consul.token')
  const consulConfig = { datacenter: 'dc1', addresses: [`https://127.0.0.1:${consul.port()}`], ca: scene.authority.ca, token_file: file }
  const config = writeConfig(folder, { instance, socket, consul: [consulConfig], pair: { consul: 'dc1', key: `eos/${key}`, ttl: `${TTL / 1000}s` } })
  writeFileSync(file, token, { mode: 0o400 })
  const child = new Child(config, ['--rate', '500'])
  children.push(child)
  return {
    child,
    active: async () => {
      const answer = await fetch(`http://127.0.0.1:${await child.port()}/metrics`).catch(() => null)
      return /^eos_sidecar_active 1$/m.test((await answer?.text()) ?? '')
    },
  }
}

/** Everything up to the highest number in the inbox is there, once, in numbers without a gap. */
function expectWhole(): void {
  const numbers = [...engine.inbox.keys()].flatMap((id) => (id.startsWith('b:simulate:') ? [Number(id.split(':')[3])] : []))
  const highest = Math.max(...numbers)
  expect(Array.from({ length: highest }, (_, index) => index + 1).filter((index) => !engine.inbox.has(`b:simulate:epoch:${index}`))).toEqual([])
  expect(engine.breaches).toEqual([])
}

const epochsOf = (instance: string): string[] => [...engine.last.keys()].filter((epoch) => epoch.startsWith(`${instance}-`))

test('one half sends, the other reads, journals and waits; killed, the first is replaced under a new epoch and nothing is lost', { timeout: 90_000 }, async () => {
  const { first, second } = await pair('killed')
  await until('facts flow', () => engine.inbox.size > 1000 && second.child.acknowledged > 500)
  expect(await second.active()).toBe(false)
  expect(epochsOf('n2')).toEqual([])
  await first.child.kill('SIGKILL')
  // The session may live twice its time, then the lock's delay.
  await until('the second is active', second.active, 45_000)
  const before = second.child.acknowledged
  await until('the second brings what came since', () => engine.inbox.has(`b:simulate:epoch:${before + 500}`))
  expect(epochsOf('n2')).toHaveLength(1)
  expect(engine.numbers(epochsOf('n2')[0] ?? '').length + engine.duplicates).toBe(engine.last.get(epochsOf('n2')[0] ?? ''))
  expectWhole()
})

test('a half that is told to stop gives the lock back, so the other takes over at once', { timeout: 60_000 }, async () => {
  const { first, second } = await pair('stopped')
  await until('facts flow', () => engine.inbox.size > 500)
  expect(await first.child.kill('SIGTERM')).toBe(0)
  await until('the second is active', second.active, 3000)
  await until('facts flow again', () => epochsOf('n2').some((epoch) => (engine.last.get(epoch) ?? 0) > 1000))
  expectWhole()
})

test('a half whose session is ended by somebody stops sending at once', { timeout: 60_000 }, async () => {
  const { first, second } = await pair('ended')
  const entry = await consul.get('/v1/kv/eos/ended')
  const session: unknown = Array.isArray(entry) ? entry[0].Session : ''
  await consul.put(`/v1/session/destroy/${String(session)}`)
  await until('the first sends no longer', async () => !(await first.active()), 2000)
  await until('the first greets as standby', () => engine.hellos.filter(({ instance }) => instance === 'n1').at(-1)?.role === 'standby')
  await until('one of them is active after the delay of the lock', async () => (await first.active()) || (await second.active()), 30_000)
  expectWhole()
})

test('a half that cannot renew stops by itself, and one of them goes on when Consul does', { timeout: 60_000 }, async () => {
  const { first, second } = await pair('silent')
  await until('facts flow', () => engine.inbox.size > 500)
  consul.server(0).signal('SIGSTOP')
  await until('the first sends no longer', async () => !(await first.active()))
  expect(await second.active()).toBe(false)
  consul.server(0).signal('SIGCONT')
  await until('one of them is active again', async () => (await first.active()) || (await second.active()), 40_000)
  await until('what waited is in the inbox', () => engine.inbox.has(`b:simulate:epoch:${Math.min(first.child.acknowledged, second.child.acknowledged)}`))
  expectWhole()
})
