import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Fact } from '../../src/sidecar/fact.ts'
import { readTable } from '../../src/sidecar/envelope/table.ts'
import { JournalClient } from '../../src/sidecar/journal/client.ts'
import { troubleOf } from '../../src/sidecar/journal/disk.ts'
import { textOf } from '../../src/sidecar/journal/rows.ts'
import { openLedger } from '../../src/sidecar/ledger.ts'
import { ownFolder } from './rig.ts'

const TABLE = readTable(new URL('../../generated/events/table.json', import.meta.url))
let folder: ReturnType<typeof ownFolder>

beforeEach(() => void (folder = ownFolder()))
afterEach(() => folder.remove())

async function opened(): Promise<{ readonly client: JournalClient; readonly isNew: boolean; readonly movedTo: string | null }> {
  return new Promise((resolve, reject) => {
    const client: JournalClient = new JournalClient(join(folder.path, 'journal.db'), 'n1', { opened: (_, isNew, movedTo) => resolve({ client, isNew, movedTo }), disk: () => undefined, fatal: reject, changed: () => undefined })
  })
}

describe('a journal that begins anew', () => {
  it('names the damaged one that the process before it moved away', async () => {
    const aside = join(folder.path, 'journal.db.damaged-20261121T100000.000Z')
    for (const name of [aside, `${aside}-wal`, join(folder.path, 'journal.db.damaged-20261120T100000.000Z')]) writeFileSync(name, 'x')
    const first = await opened()
    expect(first).toMatchObject({ isNew: true, movedTo: aside })
    await first.client.close(1000)
    const second = await opened()
    expect(second).toMatchObject({ isNew: false, movedTo: null })
    await second.client.close(1000)
  })

  it('names it again as long as nobody could be told, and no more once something was written', async () => {
    const path = join(folder.path, 'journal.db')
    const aside = `${path}.damaged-20261121T100000.000Z`
    writeFileSync(aside, 'x')
    const anew = async (isWritten: boolean): Promise<string | null> => {
      for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true })
      const { client, movedTo } = await opened()
      if (isWritten) await client.ask<'write'>({ kind: 'write', write: { source: 'bridge', facts: [], dead: [], puts: [], deletes: [], cursor: '{}' } })
      await client.close(1000)
      return movedTo
    }
    expect([await anew(false), await anew(true), await anew(false), await anew(true)]).toEqual([aside, aside, null, null])
    const later = `${path}.damaged-20261122T100000.000Z`
    writeFileSync(later, 'x')
    expect([await anew(true), await anew(true)]).toEqual([later, null])
  })
})

describe('an error of the database', () => {
  it('is a bug where a value cannot be bound, and damage only where the file holds what was never written', () => {
    const database = new DatabaseSync(':memory:')
    const thrownBy = (work: () => unknown): unknown => {
      try {
        return work()
      } catch (thrown) {
        return thrown
      }
    }
    // @ts-expect-error what no type lets through is what this is about
    const refused = thrownBy(() => database.prepare('SELECT ?').get(undefined))
    expect(refused).toBeInstanceOf(TypeError)
    expect(troubleOf(refused).kind).toBe('bug')
    expect(troubleOf(thrownBy(() => textOf({ value: 5 }, 'value'))).kind).toBe('damaged')
    database.close()
  })
})

describe('the ledger', () => {
  const fact = (mark: string): Fact => ({
    event: 'bridge',
    verb: 'checkpoint',
    subject: { source: 'bridge' },
    verdict: { cause: 'time', detail: '' },
    change: { from: 1, to: 2, count: 1 },
    links: { ids: [] },
    mark,
    origin: 'self',
    source: { kind: 'bridge', name: 'bridge', epoch: 'n1', index: 1 },
    time: { occurred: null, observed: '2026-11-21T10:00:00.000Z', clock: 'sidecar' },
    settled: true,
    coalesced: 0,
    evidence: [],
  })

  it('counts what was written, not what came again', async () => {
    const { client } = await opened()
    const counted: [string, number][] = []
    const ledger = openLedger(client, TABLE, { written: (events) => void counted.push(...events), buried: (dead) => expect(dead).toEqual([]), inherited: async () => null })
    await ledger.commit({ source: 'bridge', facts: [fact('a'), fact('b')], puts: [], deletes: [] })
    await ledger.commit({ source: 'bridge', facts: [fact('b'), fact('c')], puts: [], deletes: [] })
    expect(counted).toEqual([
      ['bridge checkpoint', 2],
      ['bridge checkpoint', 1],
    ])
    await client.close(1000)
  })

  it('asks how far the inbox is only about a source that was never read here', async () => {
    const { client } = await opened()
    const asked: string[] = []
    const inherited = async (source: string): Promise<{ readonly epoch: string; readonly index: number }> => {
      asked.push(source)
      return { epoch: 'global#2', index: 820 }
    }
    const ledger = openLedger(client, TABLE, { written: () => undefined, buried: () => undefined, inherited })
    expect(await ledger.remember('nomad:global')).toEqual({ cursor: null, rows: [], inherited: { epoch: 'global#2', index: 820 } })
    await ledger.commit({ source: 'nomad:global', facts: [], puts: [], deletes: [], cursor: { index: 900 } })
    expect(await ledger.remember('nomad:global')).toEqual({ cursor: { index: 900 }, rows: [] })
    expect(asked).toEqual(['nomad:global'])
    await client.close(1000)
  })
})
