import { execFileSync } from 'node:child_process'
import { closeSync, existsSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Keeper } from '../../src/sidecar/journal/keeper.ts'
import type { Said } from '../../src/sidecar/journal/messages.ts'
import { ownFolder, until } from './rig.ts'

let folder: ReturnType<typeof ownFolder>
let path: string

beforeEach(() => {
  folder = ownFolder()
  path = join(folder.path, 'journal.db')
})

afterEach(() => {
  if (process.getuid?.() === 0) freeze('-i')
  folder.remove()
})

function freeze(sign: '+i' | '-i'): void {
  const files = [path, `${path}-wal`].filter(existsSync)
  if (files.length > 0) execFileSync('chattr', [sign, ...files])
}

test.skipIf(process.getuid?.() !== 0)('a journal that is damaged when it is opened again ends the process: its sources know what it held (needs root for chattr)', async () => {
  const said: Said[] = []
  const keeper = new Keeper(path, 'n1', (one) => void said.push(one))
  keeper.start()
  freeze('+i')
  keeper.take([{ number: 1, ask: { kind: 'write', write: { source: 's', facts: [], dead: [], puts: [], deletes: [], cursor: '{"index":5}' } } }])
  expect(said.map(({ kind }) => kind)).toEqual(['open', 'disk'])
  freeze('-i')
  rmSync(`${path}-wal`, { force: true })
  const file = openSync(path, 'r+')
  writeSync(file, Buffer.alloc(8192, 0x2a), 0, 8192, 0)
  closeSync(file)
  await until('it says what it found', () => said.length > 2)
  expect(said.slice(2)).toEqual([{ kind: 'fatal', code: 'EOS622', message: expect.stringContaining('it was moved to') }])
  expect(readdirSync(folder.path).filter((name) => name.includes('.damaged-'))).toHaveLength(1)
})
