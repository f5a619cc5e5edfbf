import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { Engine } from './engine.ts'
import { Child, ownFolder, until, writeConfig } from './rig.ts'

/** What the machine is asked for; a shared one may give less, and less than half of it is a defect. */
const WANTED = 10_000
const COUNT = 60_000
const folder = ownFolder()
const engine = new Engine(join(folder.path, 'bridge.sock'))
let child: Child | null = null

afterEach(async () => {
  await child?.kill('SIGKILL')
  await engine.stop()
  folder.remove()
})

test(`about ${WANTED} commits a second, each durable by itself, go through journal and socket`, { timeout: 90_000 }, async () => {
  await engine.start()
  child = new Child(writeConfig(folder.path), ['--rate', String(2 * WANTED), '--hold', '500', '--count', String(COUNT)])
  await until('the first thousand are there', () => engine.inbox.size > 1000)
  const [started, before] = [performance.now(), engine.inbox.size]
  await until('all are in the inbox', () => engine.inbox.has(`b:simulate:epoch:${COUNT}`), 60_000)
  const rate = ((engine.inbox.size - before) / (performance.now() - started)) * 1000
  process.stdout.write(`${Math.round(rate)} commits a second from journal to inbox\n`)
  expect(rate).toBeGreaterThan(WANTED / 2)
  expect(engine.breaches).toEqual([])
  expect(engine.duplicates).toBe(0)
})
