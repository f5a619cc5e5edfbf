"""
What becomes of old healing: lines of the audit, closed incidents and decisions go into files.

A file holds a piece of the chain as it was written, then the rows that went with it. It is on the
disk before anything is deleted; a line ``rotated`` of the audit names it, its last hash and the
digest of its bytes, so that the whole chain can still be verified from its first line on.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from saltext.eos.utils import heal_audit, heal_file

FOLDER = "healer-audit"
DAY = 86_400.0
KEPT = 365 * DAY
# A file for a handful of lines is not worth it, before they have waited another month.
LEAST, GRACE = 1_000, 30 * DAY
MOST = 100_000
MOST_ROWS = 20_000
SLICE = 20_000
NAME = re.compile(r"audit-([0-9]{12})-([0-9]{12})\.jsonl\.gz")
COLUMNS = "n, at, kind, body, previous, hash"
# Each with the healer's moment by which it ages.
ROWS = {"incidents": ("last", "state = 'closed'"), "decisions": ("ended", "ended > 0")}
Deleted = list[tuple[str, str]]


class Moved(NamedTuple):
    """
    What a file holds, and whether it is what was written.

    :param replaced: files of other lines with these numbers, under the names that they have now.
    """

    path: Path
    last: int
    hash: str
    sha256: str
    replaced: tuple[str, ...]


def rotate(db: sqlite3.Connection, path: Path, now: float, wall: float, most: int = MOST) -> int:
    """
    Move one slice of what is old, or too much.

    :param path: the healer's file; the folder of the files is beside it.
    :param now: the healer's seconds, by which incidents and decisions age.
    :param wall: seconds since 1970, by which lines age.
    :return: how many lines were moved.
    """
    rows = _old_rows(db, now)
    last = _old_lines(db, wall, most, is_forced=len(rows) >= LEAST)
    began, _ = heal_audit.begin(db)
    if last <= began:
        return 0
    moved = _written(db, path.with_name(FOLDER), began, last, rows)
    body = {
        "t": now, "file": moved.path.name, "first": began + 1, "last": moved.last,
        "hash": moved.hash, "sha256": moved.sha256, "rows": len(rows),
        **({"replaced": [*moved.replaced]} if moved.replaced else {}),
    }  # fmt: skip
    db.execute("BEGIN IMMEDIATE")
    try:
        db.execute("DROP TRIGGER audit_keeps")
        db.execute("DELETE FROM audit WHERE n <= ?", (last,))
        db.execute(heal_file.KEEPS)
        for table, id_ in rows:
            db.execute(f"DELETE FROM {table} WHERE id = ?", (id_,))  # noqa: S608 - own words
        heal_file.set_meta(db, heal_audit.BEGIN, [moved.last, moved.hash])
        heal_audit.append(db, wall, [(heal_audit.ROTATED, body)])
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    return last - began


def verified(db: sqlite3.Connection, path: Path) -> Iterator[heal_audit.Line]:
    """
    Give every line there ever was, from the files and from the healer's file, each checked.

    :param db: the healer's file, in a transaction where it is written meanwhile.
    :param path: of the healer's file.
    :raises Broken: a line was changed, put in or taken away, or a file is not there.
    """
    number, previous = 0, heal_audit.FIRST
    wanted = heal_audit.begin(db)
    digests: dict[str, str] = {}
    for file in files(path):
        if number == wanted[0]:
            # Written before a crash, and not in use.
            break
        digests[file.name] = hashlib.sha256(file.read_bytes()).hexdigest()
        for row in _rows_of(file):
            number += 1
            line = heal_audit.checked(row, number, previous)
            previous = row[5]
            _same(line, digests)
            yield line
    if (number, previous) != wanted:
        raise heal_audit.Broken(f"the files end with line {number}; expected line {wanted[0]}")
    for line in heal_audit.verified(db):
        _same(line, digests)
        yield line


def files(path: Path) -> list[Path]:
    """List the files of lines that were moved, the oldest first."""
    folder = path.with_name(FOLDER)
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return [one for one in found if NAME.fullmatch(one.name)]


def _same(line: heal_audit.Line, digests: dict[str, str]) -> None:
    if line.kind != heal_audit.ROTATED:
        return
    name = line.body["file"]
    if digests.get(name) != line.body["sha256"]:
        raise heal_audit.Broken(f"{name} is not what was written")


def _rows_of(path: Path) -> Iterator[tuple[Any, ...]]:
    try:
        with gzip.open(path, "rt", encoding="ascii") as stream:
            for text in stream:
                row = json.loads(text)
                if isinstance(row, list) and len(row) == len(COLUMNS.split(",")):
                    yield tuple(row)
    except (OSError, EOFError, ValueError) as err:
        raise heal_audit.Broken(f"{path.name} cannot be read: {err}") from err


def _old_rows(db: sqlite3.Connection, now: float) -> Deleted:
    """List what has been over for a year, and of the rest what is too much but not of today."""
    found: Deleted = []
    for table, (moment, is_over) in ROWS.items():
        query = (
            f"SELECT id FROM {table} WHERE {is_over} AND ({moment} < ?1 OR ({moment} < ?2 AND id "  # noqa: S608 - own words
            f"NOT IN (SELECT id FROM {table} ORDER BY {moment} DESC LIMIT ?3))) LIMIT ?4"
        )
        values = (now - KEPT, now - DAY, MOST_ROWS, SLICE)
        found += [(table, str(id_)) for (id_,) in db.execute(query, values)]
    return found


def _old_lines(db: sqlite3.Connection, wall: float, most: int, *, is_forced: bool) -> int:
    """Give the number of the last line to move; 0 for none."""
    first, oldest = db.execute("SELECT n, at FROM audit ORDER BY n LIMIT 1").fetchone() or (0, wall)
    if not first:
        return 0
    last, _ = heal_audit.end(db)
    if last - first + 1 > most:
        return int(min(last - most // 2, first + SLICE - 1))
    young = db.execute(
        "SELECT n FROM audit WHERE at >= ? ORDER BY n LIMIT 1", (wall - KEPT,)
    ).fetchone()
    until = int(young[0]) - 1 if young else last
    until = min(until, first + SLICE - 1)
    is_worth_it = until - first + 1 >= LEAST or oldest < wall - KEPT - GRACE
    if is_forced and not is_worth_it:
        return int(min(last, first + LEAST - 1))
    return until if is_worth_it else 0


def _written(
    db: sqlite3.Connection, folder: Path, began: int, last: int, rows: Deleted
) -> Moved:  # fmt: skip
    """Write a file, the same bytes whenever it is tried again, and see it on the disk."""
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"audit-{began + 1:012d}-{last:012d}.jsonl.gz"
    staged = folder / f".{path.name}"
    hash_, number = "", 0
    handle = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as raw:
        with gzip.GzipFile("", "wb", 1, raw, mtime=0) as stream:
            for row in db.execute(
                f"SELECT {COLUMNS} FROM audit WHERE n <= ? ORDER BY n",  # noqa: S608 - own words
                (last,),
            ):
                stream.write(_line([*row]))
                number, hash_ = row[0], row[5]
            for table, id_ in rows:
                query = f"SELECT body FROM {table} WHERE id = ?"  # noqa: S608 - own words
                (text,) = db.execute(query, (id_,)).fetchone()
                stream.write(_line({table: json.loads(text)}))
        raw.flush()
        os.fsync(raw.fileno())
    if number != last:
        raise heal_audit.Broken(f"the audit has line {number} last; expected line {last}")
    sha256 = hashlib.sha256(staged.read_bytes()).hexdigest()
    replaced = _put_aside(folder, began, path, sha256)
    staged.replace(path)
    synced = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(synced)
    finally:
        os.close(synced)
    return Moved(path, last, hash_, sha256, replaced)


def _put_aside(folder: Path, began: int, path: Path, sha256: str) -> tuple[str, ...]:
    """
    Rename the files of a time that was taken back, as with a backup: they are its only record.

    :param path: about to be written, with this digest; what is there already may be the same.
    """
    found = []
    for one in sorted(folder.iterdir()):
        name = NAME.fullmatch(one.name)
        if name is None or int(name[1]) <= began:
            continue
        digest = hashlib.sha256(one.read_bytes()).hexdigest()
        if (one, digest) != (path, sha256):
            aside = one.with_name(f"{one.name}.replaced-{digest[:12]}")
            one.replace(aside)
            found.append(aside.name)
    return tuple(found)


def _line(value: Any) -> bytes:
    return (json.dumps(value, sort_keys=True, separators=(",", ":")) + "\n").encode("ascii")
