import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { JournalClient } from '../../src/sidecar/journal/client.ts'
import type { DeadRow } from '../../src/sidecar/journal/messages.ts'
import { Sender } from '../../src/sidecar/sender/sender.ts'
import { Engine } from './engine.ts'
import { ownFolder, until } from './rig.ts'

let folder: ReturnType<typeof ownFolder>
let engine: Engine
let journal: JournalClient
let sender: Sender
let told: { readonly lost: string[]; readonly buried: DeadRow[]; readonly gaps: [number, number][]; readonly renewed: string[] }

beforeEach(async () => {
  folder = ownFolder()
  engine = new Engine(join(folder.path, 'bridge.sock'))
  await engine.start()
  told = { lost: [], buried: [], gaps: [], renewed: [] }
  await new Promise<void>((opened, failed) => {
    journal = new JournalClient(join(folder.path, 'journal.db'), 'n1', { opened: () => opened(), disk: () => undefined, fatal: failed, changed: () => sender?.wake() })
  })
  sender = new Sender(
    journal,
    { socket: join(folder.path, 'bridge.sock'), instance: 'n1', version: '0', contract: { bridge: 'aa' }, refresh: 1000, patience: 400, status: 100, pauses: [10, 50], standings: () => ({ standings: [] }) },
    {
      linked: () => undefined,
      lost: (reason) => void told.lost.push(reason),
      buried: (dead) => void told.buried.push(...dead),
      gap: (from, to) => void told.gaps.push([from, to]),
      renewed: (why) => void told.renewed.push(why),
    },
  )
})

afterEach(async () => {
  sender.stop()
  await journal.close(1000)
  await engine.stop()
  folder.remove()
})

/** Journals facts with these numbers as their ids. */
async function write(from: number, to: number, at = Date.now()): Promise<void> {
  const facts = Array.from({ length: to - from + 1 }, (_, index) => ({ id: `f${from + index}`, name: 's', sourceEpoch: 'e', index: from + index, at, body: JSON.stringify({ id: `f${from + index}`, event: 'x', verb: 'y', tag: 'z' }) }))
  await journal.ask<'write'>({ kind: 'write', write: { source: 's', facts, dead: [], puts: [], deletes: [], cursor: null } })
}

const acknowledged = (): number => journal.snapshot?.acknowledged ?? 0
const epoch = (): string => journal.snapshot?.epoch ?? ''

test('everything arrives in order, in several batches at once, and is marked', async () => {
  await write(1, 3000)
  sender.start('active', false)
  await until('all is acknowledged', () => acknowledged() === 3000)
  expect([...engine.inbox.keys()]).toEqual(Array.from({ length: 3000 }, (_, index) => `f${index + 1}`))
  expect(engine.breaches).toEqual([])
})

test('an engine that comes later, or again, is sent what it lacks and no more', async () => {
  await engine.stop()
  sender.start('active', false)
  await write(1, 700)
  await engine.start()
  await until('it has them', () => engine.inbox.size === 700)
  await engine.stop()
  await write(701, 900)
  await engine.start()
  await until('it has the rest', () => acknowledged() === 900)
  expect(engine.duplicates).toBe(0)
  expect(engine.breaches).toEqual([])
})

test('facts wait for an engine that has another contract of events, and go on by themselves when it has the same', async () => {
  engine.manners.digest = 'bb'
  await write(1, 300)
  sender.start('active', false)
  await until('it was refused several times', () => engine.refusals >= 3)
  expect(told.lost[0]).toBe('EOS643 the engine has another contract of events: the engine is older: install; expected one contract; as it says; facts wait in the journal and go on by themselves')
  expect([sender.isLinked, acknowledged(), engine.inbox.size, told.buried, told.renewed]).toEqual([false, 0, 0, [], []])
  engine.manners.digest = 'aa'
  await until('all is acknowledged', () => acknowledged() === 300)
  expect(engine.numbers(epoch())).toEqual(Array.from({ length: 300 }, (_, index) => index + 1))
  expect(engine.breaches).toEqual([])
})

test('an acknowledgement that was lost is made up from the welcome', async () => {
  engine.last.set(epoch(), 40)
  await write(1, 100)
  sender.start('active', false)
  await until('all is marked', () => acknowledged() === 100)
  expect(engine.numbers(epoch())).toEqual(Array.from({ length: 60 }, (_, index) => index + 41))
})

test('silence ends the connection after its patience, and everything is sent again', async () => {
  engine.manners.isSilent = true
  await write(1, 10)
  sender.start('active', false)
  await until('it gives up', () => told.lost.some((reason) => reason.startsWith('EOS641 the engine gave no answer within 0.4 s')))
  engine.manners.isSilent = false
  await until('all is marked', () => acknowledged() === 10)
  expect(engine.duplicates).toBe(0)
})

test('what the engine refuses becomes a dead letter, and the rest goes on', async () => {
  engine.manners.refuses.add('f3')
  await write(1, 5)
  sender.start('active', false)
  await until('all is marked', () => acknowledged() === 5)
  await until('it is told', () => told.buried.length === 1)
  expect(told.buried).toMatchObject([{ id: 'f3', code: 'EOS702', reason: 'the test refuses it', name: 's' }])
  expect([...engine.inbox.keys()]).toEqual(['f1', 'f2', 'f4', 'f5'])
  expect(journal.snapshot?.dead).toBe(1)
})

test('an inbox from yesterday is sent again what the journal still has', async () => {
  await write(1, 50)
  sender.start('active', false)
  await until('all is marked', () => acknowledged() === 50)
  await engine.stop()
  for (let number = 31; number <= 50; number += 1) engine.inbox.delete(`f${number}`)
  engine.last.set(epoch(), 30)
  await engine.start()
  await until('it has them again', () => engine.inbox.size === 50)
  expect(told.gaps).toEqual([])
  expect(engine.breaches).toEqual([])
})

test('an inbox from long ago is sent all that is kept, and told exactly which numbers are not', async () => {
  await write(1, 50, Date.now() - 3_600_000)
  sender.start('active', false)
  await until('all is marked', () => acknowledged() === 50)
  // What was acknowledged an hour ago makes room for what comes.
  await write(51, 60)
  await until('all is marked', () => acknowledged() === 60)
  const first = journal.snapshot?.first ?? 0
  expect(first).toBeGreaterThan(7)
  expect(first).toBeLessThan(51)
  await engine.stop()
  const old = epoch()
  for (let number = 6; number <= 60; number += 1) engine.inbox.delete(`f${number}`)
  engine.last.set(old, 5)
  await engine.start()
  await until('it has what is kept', () => engine.inbox.size === 5 + 60 - first + 1)
  expect(told.gaps).toEqual([[6, first - 1]])
  expect(epoch()).not.toBe(old)
  expect(engine.breaches).toEqual([])
})

test('an inbox that is ahead of a restored journal makes a new epoch, in which everything unmarked is sent', async () => {
  await write(1, 10)
  const before = epoch()
  engine.last.set(before, 25)
  sender.start('active', false)
  await until('all is marked', () => engine.inbox.size === 10)
  expect(epoch()).not.toBe(before)
  expect(told.renewed).toEqual(['the inbox has number 25, the journal ends at 10: the journal is older than what it sent'])
  expect(engine.numbers(epoch())).toEqual(Array.from({ length: 10 }, (_, index) => index + 1))
})

test('a standby greets, tells its standing and sends nothing; active, it numbers anew', async () => {
  await write(1, 10)
  const before = epoch()
  sender.start('standby', false)
  await until('it tells its standing', () => engine.statuses.length >= 2)
  expect(engine.hellos).toMatchObject([{ role: 'standby', epoch: before }])
  expect(engine.inbox.size).toBe(0)
  // It greets again now and then, to learn how far the inbox has come, and calls that no loss.
  await until('it greets again', () => engine.hellos.length === 2)
  expect(told.lost).toEqual([])
  sender.start('active', true)
  await until('all is marked', () => acknowledged() === 10)
  expect(epoch()).not.toBe(before)
  expect(engine.hellos.at(-1)).toMatchObject({ role: 'active', epoch: epoch() })
  expect(engine.breaches).toEqual([])
})

test('a half that loses its role stops at once, with batches on their way', async () => {
  sender.start('active', false)
  await until('it is linked', () => sender.isLinked)
  engine.manners.isSilent = true
  await write(1, 3000)
  sender.start('standby', false)
  engine.manners.isSilent = false
  await until('it greets as standby', () => engine.hellos.at(-1)?.role === 'standby')
  await write(3001, 3010)
  // What it could have sent would have come before what it tells of itself after that.
  const statuses = engine.statuses.length
  await until('it tells its standing twice', () => engine.statuses.length >= statuses + 2)
  expect(engine.inbox.has('f3010')).toBe(false)
})
