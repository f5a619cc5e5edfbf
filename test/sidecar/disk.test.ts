import { execFileSync } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Engine } from './engine.ts'
import { Child, ownFolder, until, writeConfig } from './rig.ts'

let folder: ReturnType<typeof ownFolder>
let engine: Engine
let children: Child[] = []
let undo: (() => void)[] = []

beforeEach(async () => {
  folder = ownFolder()
  engine = new Engine(join(folder.path, 'bridge.sock'))
  await engine.start()
})

afterEach(async () => {
  for (const child of children) await child.kill('SIGKILL')
  for (const step of undo.reverse()) step()
  await engine.stop()
  folder.remove()
  children = []
  undo = []
})

/** Starts a sidecar that is ended with the test. */
function start(config: string, ...args: readonly string[]): Child {
  const child = new Child(config, args)
  children.push(child)
  return child
}

/** The value of one sample of its metrics. */
async function metric(child: Child, sample: string): Promise<number> {
  const line = (await page(child, 'metrics')).text.split('\n').find((one) => one.startsWith(`${sample} `))
  return Number(line?.slice(sample.length))
}

async function page(child: Child, name: string): Promise<{ readonly status: number; readonly text: string }> {
  const answer = await fetch(`http://127.0.0.1:${await child.port()}/${name}`)
  return { status: answer.status, text: await answer.text() }
}

/** Nothing that was acknowledged to the source so far is missing when the last of it has come, and the numbers have no gap. */
async function expectWhole({ acknowledged }: Child): Promise<void> {
  await until('the last that was acknowledged is in the inbox', () => engine.inbox.has(`b:simulate:epoch:${acknowledged}`))
  const missing = Array.from({ length: acknowledged }, (_, index) => index + 1).filter((index) => !engine.inbox.has(`b:simulate:epoch:${index}`))
  expect(missing).toEqual([])
  expect(engine.breaches).toEqual([])
  for (const epoch of engine.last.keys()) expect(engine.numbers(epoch)).toEqual(engine.numbers(epoch).map((_, index) => index + 1))
}

/** Breaks the disk under a running sidecar, watches it wait, heals it and watches it go on. */
async function breakAndHeal(child: Child, breakIt: () => void, healIt: () => void): Promise<void> {
  await until('facts flow', () => child.acknowledged > 500)
  breakIt()
  await until('it is not ready because of the disk', async () => /^disk: /m.test((await page(child, 'readyz')).text))
  expect((await page(child, 'readyz')).status).toBe(503)
  expect((await page(child, 'healthz')).status).toBe(200)
  expect((await page(child, 'metrics')).text).toMatch(/^eos_sidecar_journal_disk_refusing 1$/m)
  expect(child.errors).toMatch(/<1>the disk refuses: nothing is acknowledged until it heals/)
  // Its source holds as much as it may, all that was acknowledged before has been told, and then comes nothing.
  await until('its source waits for the disk', async () => (await metric(child, 'eos_sidecar_journal_waiting')) >= 64)
  const before = await metric(child, 'eos_sidecar_source_index{source="simulate"}')
  await until('what was acknowledged is told', () => child.acknowledged === before)
  const told = engine.statuses.length
  await until('it goes on telling how it stands', () => engine.statuses.length >= told + 3)
  expect(child.acknowledged).toBe(before)
  healIt()
  await until('it goes on', () => child.acknowledged > before + 500)
  await until('the alarm is in the inbox', () => [...engine.inbox.values()].some(({ verb, text }) => verb === 'alarm' && text.includes('"cause":"disk"')))
  await until('it is ready', async () => (await page(child, 'readyz')).status === 200)
  expect(await child.kill('SIGTERM')).toBe(0)
}

describe.skipIf(process.getuid?.() !== 0)('a disk that refuses (needs root for mount and chattr)', () => {
  test('full: commits wait, the cause is shown, and it goes on by itself', { timeout: 60_000 }, async () => {
    const data = join(folder.path, 'data')
    mkdirSync(data)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', data])
    undo.push(() => execFileSync('umount', ['-l', data]))
    const child = start(writeConfig(folder.path), '--rate', '3000')
    const ballast = join(data, 'ballast')
    await breakAndHeal(
      child,
      () => {
        for (const size of [1 << 20, 4096]) fill(ballast + String(size), size)
      },
      () => {
        for (const name of readdirSync(data)) if (name.startsWith('ballast')) rmSync(join(data, name))
      },
    )
    const again = start(writeConfig(folder.path), '--rate', '3000', '--count', '1')
    await until('the rest is in the inbox', () => engine.inbox.has(`b:simulate:epoch:${child.acknowledged}`))
    await again.kill('SIGTERM')
    await expectWhole(child)
  })

  test('refusing every write: commits wait, and it goes on by itself', { timeout: 60_000 }, async () => {
    const child = start(writeConfig(folder.path), '--rate', '3000')
    const frozen = (): string[] => ['journal.db', 'journal.db-wal'].map((name) => join(folder.path, 'data', name)).filter(existsSync)
    const freeze = (sign: '+i' | '-i'): void => void execFileSync('chattr', [sign, ...frozen()])
    undo.push(() => freeze('-i'))
    await breakAndHeal(
      child,
      () => freeze('+i'),
      () => freeze('-i'),
    )
    const again = start(writeConfig(folder.path), '--count', '1')
    await until('the rest is in the inbox', () => engine.inbox.has(`b:simulate:epoch:${child.acknowledged}`))
    await again.kill('SIGTERM')
    await expectWhole(child)
  })

  test('read-only at the start: it waits with the cause shown, then opens', { timeout: 60_000 }, async () => {
    const data = join(folder.path, 'data')
    mkdirSync(data)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m,ro', 'tmpfs', data])
    undo.push(() => execFileSync('umount', ['-l', data]))
    const child = start(writeConfig(folder.path), '--rate', '1000')
    await until('it is not ready because of the disk', async () => /^disk: /m.test((await page(child, 'readyz')).text))
    expect((await page(child, 'readyz')).text).toMatch(/^journal: not open$/m)
    expect(child.acknowledged).toBe(0)
    execFileSync('mount', ['-o', 'remount,rw', data])
    await until('facts flow', () => engine.inbox.has('b:simulate:epoch:500'))
    await expectWhole(child)
  })

  test('read-only while it was down: nothing is lost when it may write again', { timeout: 60_000 }, async () => {
    const data = join(folder.path, 'data')
    mkdirSync(data)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', data])
    undo.push(() => execFileSync('umount', ['-l', data]))
    await engine.stop()
    const first = start(writeConfig(folder.path), '--rate', '2000')
    await until('facts are journalled', () => first.acknowledged > 1000)
    await first.kill('SIGKILL')
    execFileSync('mount', ['-o', 'remount,ro', data])
    await engine.start()
    const second = start(writeConfig(folder.path), '--rate', '2000')
    await until('it is not ready because of the disk', async () => /^disk: /m.test((await page(second, 'readyz')).text))
    execFileSync('mount', ['-o', 'remount,rw', data])
    await until('what was journalled is in the inbox', () => engine.inbox.has(`b:simulate:epoch:${first.acknowledged}`))
    await expectWhole(first)
  })
})

describe('a damaged journal', () => {
  test.each([
    { where: 'at its head', offset: 0, bytes: 8192 },
    { where: 'in its midst', offset: 40_960, bytes: 200_000 },
  ])('$where is moved aside with a loud line, nothing is deleted, and a new epoch begins', { timeout: 60_000 }, async ({ offset, bytes }) => {
    const config = writeConfig(folder.path)
    const first = start(config, '--rate', '2000')
    await until('facts flow', () => engine.inbox.size > 1000)
    // A clean end, so that the log does not repair what is broken here.
    expect(await first.kill('SIGTERM')).toBe(0)
    const path = join(folder.path, 'data', 'journal.db')
    const size = statSync(path).size
    const file = openSync(path, 'r+')
    writeSync(file, Buffer.alloc(bytes, 0x2a), 0, bytes, offset)
    closeSync(file)
    const second = start(config, '--rate', '2000', '--count', '2000')
    await until('the alarm is in the inbox', () => [...engine.inbox.values()].some(({ verb, text }) => verb === 'alarm' && text.includes('journal_damaged')))
    expect(second.errors).toMatch(/<1>bridge alarm .*cause="journal_damaged"/)
    const aside = readdirSync(join(folder.path, 'data')).find((name) => /^journal\.db\.damaged-\d{8}T\d{6}\.\d{3}Z$/.test(name))
    expect(statSync(join(folder.path, 'data', aside ?? '')).size).toBe(size)
    expect(engine.last.size).toBe(2)
    expect(engine.breaches).toEqual([])
  })

  test('used by another process is refused, and left alone', { timeout: 60_000 }, async () => {
    const config = writeConfig(folder.path)
    const first = start(config, '--rate', '1000')
    await until('facts flow', () => first.acknowledged > 100)
    const second = start(config, '--rate', '1000')
    expect(await second.ended).toBe(74)
    expect(second.errors).toMatch(/EOS620 .*journal\.db is used by another process/)
    const before = first.acknowledged
    await until('the first goes on', () => first.acknowledged > before + 100)
  })
})

/** Takes what is left of a file system, in pieces of that size. */
function fill(path: string, size: number): void {
  for (let part = 0; ; part += 1) {
    try {
      writeFileSync(`${path}.${part}`, Buffer.alloc(size))
    } catch {
      return
    }
  }
}
