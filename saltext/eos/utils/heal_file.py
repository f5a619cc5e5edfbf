"""
The file of the healer, healer.db: its tables, and when it may be trusted.

What is corrupt, unreadable or of another version is never made anew and never put aside: the
healer then does nothing until a person has looked. A new file begins without a token. It is made
whole or not at all, and once: a mark beside it says that there was one, so that one which is lost,
and with it what people have frozen and held, is not taken for the first.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from saltext.eos.utils import heal_audit, store

NAME = "healer.db"
MARK = "healer.made"
LOGS = f"{NAME}-wal and {NAME}-shm"
ENGINE = "the engine eos_healer brings it up to date"
VERSION = 3
SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS incidents (
  id TEXT PRIMARY KEY, policy TEXT NOT NULL, key TEXT NOT NULL, opened REAL NOT NULL,
  last REAL NOT NULL, count INTEGER NOT NULL, due REAL NOT NULL, state TEXT NOT NULL,
  why TEXT NOT NULL, events TEXT NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS incidents_open ON incidents (key) WHERE state <> 'closed';
CREATE TABLE IF NOT EXISTS decisions (
  id TEXT PRIMARY KEY, incident TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL,
  input_hash TEXT NOT NULL, created REAL NOT NULL, expires REAL NOT NULL, state TEXT NOT NULL,
  epoch INTEGER NOT NULL, fired INTEGER NOT NULL, ended REAL NOT NULL, claim TEXT,
  checks TEXT NOT NULL, result TEXT, body TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS decisions_ended ON decisions (ended);
CREATE TABLE IF NOT EXISTS keys (key TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS flips (thing TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counts (key TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS budget (
  realm TEXT PRIMARY KEY, tokens REAL NOT NULL, at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS touched (
  realm TEXT NOT NULL, job TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (realm, job))
  WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rules (
  kind TEXT NOT NULL, what TEXT NOT NULL, reason TEXT NOT NULL, by TEXT NOT NULL,
  at REAL NOT NULL, until REAL, input TEXT NOT NULL, PRIMARY KEY (kind, what, input));
CREATE TABLE IF NOT EXISTS commands (
  n INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, by TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS audit (
  n INTEGER PRIMARY KEY, at REAL NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,
  previous TEXT NOT NULL, hash TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS audit_kind ON audit (kind, at);
CREATE TRIGGER IF NOT EXISTS audit_stays BEFORE UPDATE ON audit
  BEGIN SELECT RAISE(ABORT, 'the audit is only ever added to'); END;
"""
KEEPS = """CREATE TRIGGER IF NOT EXISTS audit_keeps BEFORE DELETE ON audit
  BEGIN SELECT RAISE(ABORT, 'the audit is only ever added to'); END;
"""
SCHEMA += KEEPS
# What makes the next version of a file of an older wheel: nothing that people said is lost by it.
STEPS = {
    1: (
        "ALTER TABLE rules RENAME TO rules_1",
        "CREATE TABLE rules (kind TEXT NOT NULL, what TEXT NOT NULL, reason TEXT NOT NULL, "
        "by TEXT NOT NULL, at REAL NOT NULL, until REAL, input TEXT NOT NULL, "
        "PRIMARY KEY (kind, what, input))",
        "INSERT INTO rules SELECT kind, what, reason, by, at, until, input FROM rules_1",
        "DROP TABLE rules_1",
    ),
    # An incident says for which facts it was opened; one that does not was for none.
    2: (),
}


class Unusable(RuntimeError):
    """The healer's state cannot be trusted, so everything is frozen."""


class Other(Unusable):
    """It is of another wheel: nothing is wrong with it, and it stays where it is."""


def path_of(opts: Mapping[str, Any]) -> Path:
    """Give the healer's file on this master."""
    return store.home(dict(opts)) / NAME


def opened(path: Path, *, is_thorough: bool = True, makes: bool = False) -> sqlite3.Connection:
    """
    Open the file to write it.

    :param is_thorough: check it, and the whole audit, from end to end.
    :param makes: make it where there is none; the engine does, nobody else.
    :raises Unusable: it cannot be trusted.
    """
    if not makes and not path.exists():
        raise Unusable(f"{path} is not there; expected the engine eos_healer to have made it")
    previous = os.umask(0o077)
    try:
        if makes:
            _make(path)
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    except (OSError, sqlite3.Error) as err:
        raise Unusable(f"{path} cannot be opened: {err}") from err
    finally:
        os.umask(previous)
    try:
        _prepared(db, path, is_thorough=is_thorough, makes=makes)
    except (sqlite3.Error, heal_audit.Broken, ValueError, KeyError, TypeError) as err:
        db.close()
        raise Unusable(f"{path} cannot be trusted: {err}; healing is frozen") from err
    except Unusable:
        db.close()
        raise
    return db


def _make(path: Path) -> None:
    """Make the file where there is none and never was one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    mark = path.with_name(MARK)
    if not path.exists():
        _put_aside_logs(path)
        if mark.exists():
            raise Unusable(
                f"{path} is gone, with all that was frozen, held and suspended in it; expected the "
                f"newest whole backup in its place; to begin without any of it remove {mark}"
            )
        staged = path.with_name(f".{path.name}.{os.getpid()}")
        staged.unlink(missing_ok=True)
        with contextlib.closing(sqlite3.connect(staged, isolation_level=None)) as db:
            db.executescript(f"BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
        staged.chmod(0o600)
        staged.replace(path)
    mark.touch(mode=0o600)


def _put_aside_logs(path: Path) -> None:
    """Put aside what SQLite would lay over a whole file that comes in place of a lost one."""
    for suffix in ("-wal", "-shm", "-journal"):
        log = path.with_name(path.name + suffix)
        if log.exists():
            log.replace(log.with_name(f"{log.name}.lost"))


def wrong_version(path: Path, version: int) -> Other:
    """Say of a version that is not this wheel's own what is wrong with it, and what to do."""
    if version in STEPS:
        says = f"of an older wheel; restart the master, so that {ENGINE}"
    else:
        says = f"expected {VERSION}; install the wheel that wrote it"
    return Other(f"{path} has version {version}, {says}; healing is frozen")


def _upgraded(db: sqlite3.Connection, path: Path, version: int) -> None:
    """Bring a whole file up, and keep what it was beside it; without room for that nothing is."""
    copy = None
    try:
        copy = _kept(db, path, version)
        _brought_up(db, version)
    except (sqlite3.Error, OSError) as err:
        if copy is not None:
            copy.unlink(missing_ok=True)
        room = path.stat().st_size / 1e6
        raise Other(
            f"{path} is whole, of an older wheel, and could not be brought up to date: {err}; it "
            f"is as it was, and healing is frozen: leave it where it is, and make room beside it "
            f"for a copy ({room:.1f} MB); the engine tries again by itself"
        ) from err


def _kept(db: sqlite3.Connection, path: Path, version: int) -> Path:
    """Keep the file as it is under another name, whole or not at all, and over no other copy."""
    copy, number = path.with_name(f"{path.name}.v{version}"), 1
    while copy.exists():
        number += 1
        copy = path.with_name(f"{path.name}.v{version}.{number}")
    # The same name each time: what a kill cut off is taken away by the next.
    staged = path.with_name(f".{path.name}.copy")
    staged.unlink(missing_ok=True)
    previous = os.umask(0o077)
    try:
        db.execute("VACUUM INTO ?", (str(staged),))
        staged.replace(copy)
    except BaseException:
        staged.unlink(missing_ok=True)
        raise
    finally:
        os.umask(previous)
    return copy


def _brought_up(db: sqlite3.Connection, version: int) -> None:
    """Make this wheel's version of a file of an older one, wholly or not at all."""
    db.execute("BEGIN IMMEDIATE")
    try:
        for older in range(version, VERSION):
            for step in STEPS[older]:
                db.execute(step)
        db.execute(f"PRAGMA user_version = {VERSION}")
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise


def _prepared(db: sqlite3.Connection, path: Path, *, is_thorough: bool, makes: bool) -> None:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if version == 0 and tables == 0:
        raise Unusable(
            f"{path} is empty, so all that was frozen, held and suspended in it is lost; healing "
            f"is frozen: take {LOGS} away, and put the newest whole backup in its place"
        )
    if makes and version in STEPS:
        # What is damaged stays as it was, for a person and for the wheel that wrote it.
        _refuse_unless_whole(db, path)
        _upgraded(db, path, version)
        version = VERSION
    if version != VERSION:
        raise wrong_version(path, version)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    if is_thorough:
        _refuse_unless_whole(db, path)
    else:
        _refuse_unless_guarded(db, path)


def _refuse_unless_guarded(db: sqlite3.Connection, path: Path) -> None:
    (triggers,) = db.execute(
        "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'"
    ).fetchone()
    if triggers != 2:
        raise Unusable(f"{path} has lost what guards its audit; healing is frozen")


def _refuse_unless_whole(db: sqlite3.Connection, path: Path) -> None:
    """Look at the file, and at the whole audit, from end to end."""
    _refuse_unless_guarded(db, path)
    found = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise Unusable(f"{path} is damaged: {found}; healing is frozen")
    for _ in heal_audit.verified(db):
        pass


def meta(db: sqlite3.Connection, key: str) -> Any:
    """Give one value of the file; None when it has none."""
    row = db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else json.loads(row[0])


def set_meta(db: sqlite3.Connection, key: str, value: Any) -> None:
    """Write one value of the file, within the transaction that is open."""
    db.execute("INSERT OR REPLACE INTO meta VALUES (?,?)", (key, json.dumps(value)))
