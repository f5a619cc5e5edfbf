import type { DatabaseSync } from 'node:sqlite'

const SQL = {
  metaGet: 'SELECT value FROM meta WHERE key = ?',
  metaPut: 'INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
  seenAdd: 'INSERT INTO seen (id, at) VALUES (?, ?) ON CONFLICT (id) DO NOTHING',
  seenOld: 'DELETE FROM seen WHERE n IN (SELECT n FROM seen ORDER BY n LIMIT ?) AND (at < ? OR n <= (SELECT max(n) FROM seen) - ?)',
  outboxAdd: 'INSERT INTO outbox VALUES (?, ?, ?, ?, ?, ?, ?)',
  outboxOne: 'SELECT id, name, body FROM outbox WHERE seq = ?',
  outboxFrom: 'SELECT seq, body FROM outbox WHERE seq >= ? ORDER BY seq LIMIT ?',
  outboxNext: 'SELECT coalesce(min(seq), 0) AS seq FROM outbox WHERE seq > ?',
  outboxAt: 'SELECT at FROM outbox WHERE seq > ? ORDER BY seq LIMIT 1',
  outboxLatest: 'SELECT coalesce((SELECT at FROM outbox ORDER BY seq DESC LIMIT 1), 0) AS at',
  outboxCount: 'SELECT count(*) AS count FROM outbox WHERE seq > ?',
  outboxBelow: 'DELETE FROM outbox WHERE seq < ?',
  outboxMove: 'UPDATE outbox SET seq = ? WHERE seq = ?',
  outboxOld: 'DELETE FROM outbox WHERE seq IN (SELECT seq FROM outbox WHERE seq <= ? ORDER BY seq LIMIT ?) AND (seq <= ? OR at < ?)',
  outboxReached: 'SELECT at FROM outbox WHERE name = ? AND source_epoch = ? AND source_index <= ? ORDER BY source_index DESC, seq LIMIT 1',
  outboxDrop: 'DELETE FROM outbox WHERE name = ? AND source_epoch = ? AND source_index <= ? AND at < ?',
  outboxOwn: "DELETE FROM outbox WHERE name = 'bridge' AND at < ?",
  statePut: 'INSERT INTO state VALUES (?, ?, ?, ?) ON CONFLICT (source, kind, key) DO UPDATE SET value = excluded.value',
  stateDrop: 'DELETE FROM state WHERE source = ? AND kind = ? AND key = ?',
  statePage: 'SELECT kind, key, value FROM state WHERE source = ? AND (kind, key) > (?, ?) ORDER BY kind, key LIMIT ?',
  cursorGet: 'SELECT value FROM cursors WHERE source = ?',
  cursorPut: 'INSERT INTO cursors VALUES (?, ?) ON CONFLICT (source) DO UPDATE SET value = excluded.value',
  deadAdd: 'INSERT INTO dead (id, name, code, reason, at, body) VALUES (?, ?, ?, ?, ?, ?)',
  deadDrop: 'DELETE FROM dead WHERE n IN (SELECT n FROM dead ORDER BY n LIMIT 1)',
  deadCount: 'SELECT count(*) AS count FROM dead',
  freePages: 'PRAGMA freelist_count',
} as const

/** Every statement of the journal, prepared. */
export type Statements = { readonly [K in keyof typeof SQL]: ReturnType<DatabaseSync['prepare']> }

/** Prepares every statement once. */
export function prepare(database: DatabaseSync): Statements {
  const made = (name: keyof typeof SQL): ReturnType<DatabaseSync['prepare']> => database.prepare(SQL[name])
  return {
    metaGet: made('metaGet'),
    metaPut: made('metaPut'),
    seenAdd: made('seenAdd'),
    seenOld: made('seenOld'),
    outboxAdd: made('outboxAdd'),
    outboxOne: made('outboxOne'),
    outboxFrom: made('outboxFrom'),
    outboxNext: made('outboxNext'),
    outboxAt: made('outboxAt'),
    outboxLatest: made('outboxLatest'),
    outboxCount: made('outboxCount'),
    outboxBelow: made('outboxBelow'),
    outboxMove: made('outboxMove'),
    outboxOld: made('outboxOld'),
    outboxReached: made('outboxReached'),
    outboxDrop: made('outboxDrop'),
    outboxOwn: made('outboxOwn'),
    statePut: made('statePut'),
    stateDrop: made('stateDrop'),
    statePage: made('statePage'),
    cursorGet: made('cursorGet'),
    cursorPut: made('cursorPut'),
    deadAdd: made('deadAdd'),
    deadDrop: made('deadDrop'),
    deadCount: made('deadCount'),
    freePages: made('freePages'),
  }
}
