import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { tokenFile } from '../../src/sidecar/token.ts'
import { ownFolder } from './rig.ts'

let folder: ReturnType<typeof ownFolder>
let path = ''
let now = 0

beforeEach(() => {
  folder = ownFolder()
  path = join(folder.path, 'token')
  now = 0
})
afterEach(() => folder.remove())

it('gives the token, and the new one a second after the file was replaced', () => {
  writeFileSync(path, 'first\n')
  const token = tokenFile(path, () => now)
  expect(token()).toBe('first')
  writeFileSync(`${path}.new`, 'second')
  renameSync(`${path}.new`, path)
  now = 999
  expect(token()).toBe('first')
  now = 1000
  expect(token()).toBe('second')
})

it('throws while there is none, and gives it when there is', () => {
  const token = tokenFile(path, () => now)
  expect(token).toThrow(/EOS610 the token file .* cannot be read: ENOENT/)
  writeFileSync(path, ' \n')
  now = 1000
  expect(token).toThrow(/EOS610 the token file .* is empty; expected one token; write the token into it/)
  writeFileSync(path, 'one\ntwo')
  now = 2000
  expect(token).toThrow(/holds more than one word/)
  writeFileSync(path, 'late')
  now = 3000
  expect(token()).toBe('late')
})

it('throws again when the file goes away', () => {
  writeFileSync(path, 'first')
  const token = tokenFile(path, () => now)
  expect(token()).toBe('first')
  rmSync(path)
  now = 1000
  expect(token).toThrow(/EOS610/)
})

it('never says what stands in the file', () => {
  writeFileSync(path, 'secret word')
  expect(tokenFile(path, () => now)).toThrow(expect.not.stringContaining('secret'))
})
