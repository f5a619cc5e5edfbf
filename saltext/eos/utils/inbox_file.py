"""The file of the inbox: its tables, who may write it, and what becomes of a damaged one."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import sqlite3
import time
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

VERSION = 1
CHECKED_BYTES = 256 * 1024 * 1024
FOLD_BYTES = 4 * 1024 * 1024
# A log so long has never had a moment's rest: it begins anew only when nobody writes meanwhile.
REST_BYTES = 256 * 1024 * 1024
REST_SECONDS = 1
FULL = 13  # SQLITE_FULL
DAMAGE = (11, 26)  # SQLITE_CORRUPT, SQLITE_NOTADB

SCHEMA = """
CREATE TABLE IF NOT EXISTS events (
  row INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, epoch TEXT NOT NULL,
  seq INTEGER NOT NULL, event TEXT NOT NULL, verb TEXT NOT NULL, tag TEXT NOT NULL,
  severity TEXT NOT NULL, origin TEXT NOT NULL, source TEXT NOT NULL,
  source_index INTEGER NOT NULL, subject TEXT NOT NULL, alloc TEXT, received REAL NOT NULL,
  occurred TEXT, settled INTEGER NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS events_alloc ON events (alloc, row) WHERE alloc IS NOT NULL;
CREATE INDEX IF NOT EXISTS events_epoch ON events (epoch, seq);
CREATE INDEX IF NOT EXISTS events_received ON events (received);
CREATE TABLE IF NOT EXISTS streams (
  epoch TEXT PRIMARY KEY, last_seq INTEGER NOT NULL, instance TEXT NOT NULL,
  version TEXT NOT NULL, role TEXT NOT NULL, seen REAL NOT NULL, status TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cursors (
  source TEXT PRIMARY KEY, epoch TEXT NOT NULL, idx INTEGER NOT NULL, at REAL NOT NULL)
  WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dead (
  n INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL,
  id TEXT NOT NULL, code TEXT NOT NULL, reason TEXT NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS dead_epoch ON dead (epoch, n);
CREATE INDEX IF NOT EXISTS dead_id ON dead (id);
CREATE TABLE IF NOT EXISTS repeats (
  epoch TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (epoch, seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS silences (source TEXT PRIMARY KEY, since REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pulses (source TEXT PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS minions (
  minion TEXT PRIMARY KEY, boot TEXT NOT NULL, last_n INTEGER NOT NULL, gaps INTEGER NOT NULL,
  refused INTEGER NOT NULL, why TEXT NOT NULL, at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS identity (name TEXT NOT NULL);
INSERT INTO identity SELECT lower(hex(randomblob(16))) WHERE NOT EXISTS (SELECT 1 FROM identity);
"""


class Damaged(sqlite3.DatabaseError):
    """The file is no inbox any more."""


class Busy(RuntimeError):
    """Another engine holds the inbox."""


def fold(path: Path, lock: contextlib.AbstractContextManager[Any]) -> None:
    """
    Fold the log back into the inbox where it has grown, beside the writer and without holding it.

    :param lock: held around every write; taken for a moment when the log is very long.
    :raises sqlite3.Error: it was not possible; the log goes on growing.
    """
    try:
        size = path.with_name(f"{path.name}-wal").stat().st_size
    except FileNotFoundError:
        return
    if size < FOLD_BYTES:
        return
    with contextlib.closing(sqlite3.connect(path, isolation_level=None, timeout=10)) as db:
        db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        if size < REST_BYTES:
            return
        db.execute(f"PRAGMA busy_timeout = {REST_SECONDS * 1000}")
        with lock:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


def held(path: Path) -> int:
    """
    Keep every other engine out until the handle is closed.

    :raises Busy: another one was first.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise Busy(f"{path} is held by another engine; expected one engine per inbox") from None
    return handle


def is_damage(err: sqlite3.Error) -> bool:
    """Tell a damaged file from a disk that refuses; Python 3.10 has no codes, only words."""
    if isinstance(err, Damaged):
        return True
    code = getattr(err, "sqlite_errorcode", None)
    if code is not None:
        return (code & 0xFF) in DAMAGE
    return "malformed" in str(err) or "not a database" in str(err)


def is_full(err: sqlite3.Error) -> bool:
    """Tell a full disk; Python 3.10 has no codes, only words."""
    code = getattr(err, "sqlite_errorcode", None)
    return (code & 0xFF) == FULL if code is not None else "is full" in str(err)


def put_aside(path: Path, err: sqlite3.Error) -> Path:
    """Rename a damaged file and what belongs to it, and give its new name."""
    aside = path.with_name(f"{path.name}.damaged-{time.time_ns()}")
    log.critical("inbox %s is damaged (%s); it was moved to %s", path, err, aside)
    path.rename(aside)
    for suffix in ("-wal", "-shm"):
        extra = path.with_name(path.name + suffix)
        if extra.exists():
            extra.rename(aside.with_name(aside.name + suffix))
    return aside


def opened(path: Path, *, is_thorough: bool) -> sqlite3.Connection:
    """
    Open the file for its one writer, and make what it lacks.

    :param is_thorough: check a small file from end to end.
    :raises sqlite3.DatabaseError: it cannot be used; :func:`is_damage` tells why.
    """
    previous = os.umask(0o077)
    try:
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    finally:
        os.umask(previous)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    # Folding the log back into the file takes longer than a commit: see fold().
    db.execute("PRAGMA wal_autocheckpoint=0")
    db.execute("PRAGMA journal_size_limit=67108864")
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version not in (0, VERSION):
        db.close()
        raise sqlite3.OperationalError(
            f"inbox {path} has version {version}; expected {VERSION}; install the wheel that "
            "wrote it"
        )
    # A large file takes minutes to check; what is damaged there shows when it is read.
    small = is_thorough and path.stat().st_size <= CHECKED_BYTES
    found = db.execute("PRAGMA quick_check(1)").fetchone()[0] if small else "ok"
    if found != "ok":
        db.close()
        raise Damaged(str(found))
    db.executescript(SCHEMA)
    db.execute(f"PRAGMA user_version = {VERSION}")
    path.chmod(0o600)
    return db
