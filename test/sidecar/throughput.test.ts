import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { Engine } from './engine.ts'
import { Child, ownFolder, until, writeConfig } from './rig.ts'

/** Commits a second that the source offers; how many a machine takes is for the bench to say. */
const OFFERED = 20_000
const COUNT = 60_000
const folder = ownFolder()
const engine = new Engine(join(folder.path, 'bridge.sock'))
let child: Child | null = null

afterEach(async () => {
  await child?.kill('SIGKILL')
  await engine.stop()
  folder.remove()
})

test(`${COUNT} commits, each durable by itself and offered faster than they are taken, go through journal and socket once`, { timeout: 90_000 }, async () => {
  await engine.start()
  child = new Child(writeConfig(folder.path), ['--rate', String(OFFERED), '--hold', '500', '--count', String(COUNT)])
  await until('the first thousand are there', () => engine.inbox.size > 1000)
  const [started, before] = [performance.now(), engine.inbox.size]
  await until('all are in the inbox', () => engine.inbox.has(`b:simulate:epoch:${COUNT}`), 60_000)
  const rate = ((engine.inbox.size - before) / (performance.now() - started)) * 1000
  process.stdout.write(`${Math.round(rate)} commits a second from journal to inbox\n`)
  expect(Array.from({ length: COUNT }, (_, index) => index + 1).filter((index) => !engine.inbox.has(`b:simulate:epoch:${index}`))).toEqual([])
  expect(engine.breaches).toEqual([])
  expect(engine.duplicates).toBe(0)
})
