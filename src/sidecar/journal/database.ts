import { existsSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Damage, numberOf } from './rows.ts'

/** Version of the tables below. */
const VERSION = 1
/** A larger file is not read through at start: that would take longer than a restart may. */
const CHECKED_BYTES = 64 * 1024 * 1024

const TABLES = `
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outbox (
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL, name TEXT NOT NULL, source_epoch TEXT NOT NULL,
  source_index INTEGER NOT NULL, at INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS seen (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS state (
  source TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY (source, kind, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cursors (source TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dead (
  n INTEGER PRIMARY KEY, id TEXT NOT NULL, name TEXT NOT NULL, code TEXT NOT NULL, reason TEXT NOT NULL,
  at INTEGER NOT NULL, body TEXT NOT NULL);
`

/** The file was written by a version that this one does not know. */
export class ForeignVersion extends Error {
  constructor(found: number) {
    super(`the journal has version ${found}; expected ${VERSION}; install the sidecar that wrote it, or move the file away`)
  }
}

/**
 * Opens the journal for this process alone, makes its tables where they are missing, and reads a small file through.
 * Exclusive locking also keeps the index of the log in memory, so a killed process leaves no shared memory behind.
 */
export function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 3000, enableForeignKeyConstraints: false })
  try {
    database.exec(
      'PRAGMA locking_mode = EXCLUSIVE; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -1024; PRAGMA journal_size_limit = 67108864',
    )
    prove(database, path)
    return database
  } catch (thrown) {
    database.close()
    throw thrown
  }
}

function prove(database: DatabaseSync, path: string): void {
  const found = numberOf(database.prepare('PRAGMA user_version').get() ?? {}, 'user_version')
  if (found !== 0 && found !== VERSION) throw new ForeignVersion(found)
  database.exec(`BEGIN IMMEDIATE; ${TABLES} PRAGMA user_version = ${VERSION}; COMMIT`)
  if (statSync(path).size > CHECKED_BYTES) return
  const said = database.prepare('PRAGMA quick_check(1)').get() ?? {}
  if (said['quick_check'] !== 'ok') throw new Damage(`quick_check says: ${String(said['quick_check'])}`)
}

const ASIDE = '.damaged-'
/** An empty file with this ending says that an alarm was raised about the damaged journal of that name. */
const TOLD = '-told'

/** The damaged journal that was moved away last and that nobody was told of yet; null when there is none. */
export function lastAside(path: string): string | null {
  const prefix = basename(path) + ASIDE
  const found = readdirSync(dirname(path)).filter((name) => name.startsWith(prefix))
  const last = found.filter((name) => !/-(wal|shm|told)$/.test(name)).sort().at(-1)
  return last === undefined || found.includes(last + TOLD) ? null : join(dirname(path), last)
}

/** Notes that people were told of a damaged journal: a later one that begins anew has other reasons. */
export function noteTold(aside: string): void {
  writeFileSync(aside + TOLD, '')
}

/** Renames a damaged journal with its companions, so that a person can still look into it; returns the new name. */
export function moveAside(path: string, now: Date): string {
  const to = `${path}${ASIDE}${now.toISOString().replace(/[-:]/g, '')}`
  for (const suffix of ['', '-wal', '-shm']) if (existsSync(path + suffix)) renameSync(path + suffix, to + suffix)
  return to
}
