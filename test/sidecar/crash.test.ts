import { afterEach, expect, test } from 'vitest'
import { setTimeout as pause } from 'node:timers/promises'
import { join } from 'node:path'
import { Engine } from './engine.ts'
import { Child, ownFolder, until, writeConfig } from './rig.ts'

const KILLS = Number(process.env['EOS_KILLS'] ?? 50)
const folder = ownFolder()
const engine = new Engine(join(folder.path, 'bridge.sock'))

afterEach(async () => {
  await engine.stop()
  folder.remove()
})

test(`${KILLS} SIGKILLs at random moments lose nothing, leave no gap and repeat no id`, { timeout: 30_000 + KILLS * 2500 }, async () => {
  const config = writeConfig(folder.path)
  let acknowledged = 0
  await engine.start()
  for (let kill = 0; kill < KILLS; kill += 1) {
    const child = new Child(config, ['--rate', '5000', '--again', '20'])
    // Before, while and after it opens the journal; in the midst of commits; sometimes with the engine cut off or gone.
    await pause(Math.random() * 900)
    if (kill % 3 === 0) engine.cut()
    if (kill % 7 === 0) await engine.stop()
    await pause(Math.random() * 200)
    await child.kill('SIGKILL')
    acknowledged = Math.max(acknowledged, child.acknowledged)
    if (kill % 7 === 0) await engine.start()
  }
  const last = new Child(config, ['--rate', '5000', '--again', '20', '--count', String(acknowledged + 5000)])
  const has = (index: number): boolean => engine.inbox.has(`b:simulate:epoch:${index}`)
  await until('the last fact is in the inbox', () => has(acknowledged + 5000), 60_000)
  expect(await last.kill('SIGTERM')).toBe(0)

  expect(acknowledged).toBeGreaterThan(KILLS)
  const missing = Array.from({ length: acknowledged }, (_, index) => index + 1).filter((index) => !has(index))
  expect(missing).toEqual([])
  expect(engine.breaches).toEqual([])
  expect(engine.duplicates).toBe(0)
  const [epoch, ...others] = engine.last.keys()
  expect(others).toEqual([])
  const numbers = engine.numbers(epoch ?? '')
  expect(numbers).toEqual(numbers.map((_, index) => index + 1))
})
