"""The audit of healing: lines that are only ever added, each holding the hash of the one before."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
from collections.abc import Iterator
from typing import Any, NamedTuple

FIRST = "0" * 64
LAST = "audit"
BEGIN = "audit_from"
ROTATED = "rotated"


class Broken(ValueError):
    """The audit is not what was written."""


class Line(NamedTuple):
    """
    One line.

    :param at: seconds since 1970.
    :param body: what happened; ``t`` in the healer's seconds.
    """

    n: int
    at: float
    kind: str
    body: dict[str, Any]


def append(db: sqlite3.Connection, at: float, lines: list[tuple[str, dict[str, Any]]]) -> None:
    """Add lines, within the transaction that is open."""
    if not lines:
        return
    number, previous = end(db)
    for kind, body in lines:
        number += 1
        text = _canonical({"at": at, "body": body, "kind": kind, "n": number})
        hash_ = _hash(previous, text)
        db.execute(
            "INSERT INTO audit VALUES (?,?,?,?,?,?)", (number, at, kind, text, previous, hash_)
        )
        previous = hash_
    tail = json.dumps([number, previous])
    db.execute("INSERT OR REPLACE INTO meta VALUES (?,?)", (LAST, tail))


def verified(db: sqlite3.Connection, after: int = 0) -> Iterator[Line]:
    """
    Give every line, oldest first, each checked before it is given.

    All of it is read as it is at one moment: claims go on being added while it is read.

    :param after: number of the line to begin behind; what is up to it is taken as it is. Lines that
        were moved into a file (heal_retain) are not given.
    :raises Broken: a line was changed, put in or taken away; all lines before it are as written.
    """
    with _at_one_moment(db):
        yield from _verified(db, after)


@contextlib.contextmanager
def _at_one_moment(db: sqlite3.Connection) -> Iterator[None]:
    if db.in_transaction:
        yield
        return
    db.execute("BEGIN")
    try:
        yield
    finally:
        db.execute("ROLLBACK")


def _verified(db: sqlite3.Connection, after: int) -> Iterator[Line]:
    number, previous = began = begin(db)
    told = began if after > number else (0, FIRST)
    if after > number:
        number = after
        row = db.execute("SELECT hash FROM audit WHERE n = ?", (after,)).fetchone()
        if row is None:
            raise Broken(f"line {after} of the audit is gone")
        previous = str(row[0])
    for row in db.execute(
        "SELECT n, at, kind, body, previous, hash FROM audit WHERE n > ? ORDER BY n", (number,)
    ):
        number += 1
        line = checked(row, number, previous)
        previous = row[5]
        if line.kind == ROTATED:
            told = (line.body["last"], line.body["hash"])
        yield line
    if (number, previous) != end(db):
        raise Broken(f"the audit ends with line {number}; expected {end(db)[0]}")
    if told != began:
        raise Broken(f"the audit begins behind line {began[0]}; expected line {told[0]}")


def checked(row: tuple[Any, ...], number: int, previous: str) -> Line:
    """
    Give a line that is what was written.

    :param row: of the table ``audit``.
    :param number: that it has to have.
    :param previous: hash of the line before.
    :raises Broken: it is not.
    """
    n, at, kind, text, before, hash_ = row
    if n != number or before != previous or hash_ != _hash(previous, text):
        raise Broken(f"line {n} of the audit is not what was written; expected line {number}")
    held = json.loads(text)
    if (held["n"], held["at"], held["kind"]) != (n, at, kind):
        raise Broken(f"line {n} of the audit was relabelled")
    return Line(n, at, kind, held["body"])


def begin(db: sqlite3.Connection) -> tuple[int, str]:
    """
    Give number and hash of the last line that was moved into a file; 0 where none was.

    :raises Broken: that is not known any more.
    """
    return _place(db, BEGIN)


def end(db: sqlite3.Connection) -> tuple[int, str]:
    """
    Give number and hash of the line that was written last; 0 where there is none yet.

    :raises Broken: that is not known any more.
    """
    return _place(db, LAST)


def _place(db: sqlite3.Connection, key: str) -> tuple[int, str]:
    row = db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    if row is None:
        return 0, FIRST
    try:
        number, hash_ = json.loads(row[0])
        return int(number), str(hash_)
    except (TypeError, ValueError) as err:
        raise Broken(f"the {key} of the audit is {row[0]!r}") from err


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def _hash(previous: str, text: str) -> str:
    return hashlib.sha256((previous + text).encode("ascii", "backslashreplace")).hexdigest()
