import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readConfig } from '../../src/sidecar/config/config.ts'
import { readTable } from '../../src/sidecar/envelope/table.ts'
import { runSidecar, type Running } from '../../src/sidecar/run.ts'
import type { Remembered } from '../../src/sidecar/source.ts'
import { Engine } from './engine.ts'
import { Child, ownFolder, tablePath, until, writeConfig } from './rig.ts'

let folder: ReturnType<typeof ownFolder>
let engine: Engine
let running: Running | null

beforeEach(() => {
  folder = ownFolder()
  engine = new Engine(join(folder.path, 'bridge.sock'))
  running = null
})

afterEach(async () => {
  await running?.stop()
  await engine.stop()
  folder.remove()
})

/** What a source that was never read here is told when it starts. */
async function remembered(name: string): Promise<Remembered> {
  const told = Promise.withResolvers<Remembered>()
  running = await runSidecar({
    config: readConfig(writeConfig(folder.path)),
    table: readTable(tablePath()),
    version: '0',
    log: () => undefined,
    fatal: (problem) => told.reject(problem),
    sources: (journal) => {
      journal.remember(name).then(told.resolve, told.reject)
      return []
    },
  })
  return told.promise
}

test('a journal that was lost goes on from where the inbox is', { timeout: 30_000 }, async () => {
  await engine.start()
  const child = new Child(writeConfig(folder.path), ['--rate', '500', '--count', '50'])
  await until('all is in the inbox', () => engine.inbox.has('b:simulate:epoch:50'))
  await child.kill('SIGTERM')
  rmSync(join(folder.path, 'data'), { recursive: true })
  expect(await remembered('simulate')).toEqual({ cursor: null, rows: [], inherited: { epoch: 'simulate#1', index: 50 } })
})

test('a source goes on without where no engine greets', { timeout: 30_000 }, async () => {
  expect(await remembered('simulate')).toEqual({ cursor: null, rows: [], inherited: null })
})
