"""The audit of healing: lines that are only ever added, each holding the hash of the one before."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from typing import Any, NamedTuple

FIRST = "0" * 64
LAST = "audit"


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

    :param after: number of the line to begin behind; what is up to it is taken as it is.
    :raises Broken: a line was changed, put in or taken away; all lines before it are as written.
    """
    number, previous = after, FIRST
    if after:
        row = db.execute("SELECT hash FROM audit WHERE n = ?", (after,)).fetchone()
        if row is None:
            raise Broken(f"line {after} of the audit is gone")
        previous = str(row[0])
    for n, at, kind, text, before, hash_ in db.execute(
        "SELECT n, at, kind, body, previous, hash FROM audit WHERE n > ? ORDER BY n", (after,)
    ):
        number += 1
        if n != number or before != previous or hash_ != _hash(previous, text):
            raise Broken(f"line {n} of the audit is not what was written; expected line {number}")
        previous = hash_
        held = json.loads(text)
        if (held["n"], held["at"], held["kind"]) != (n, at, kind):
            raise Broken(f"line {n} of the audit was relabelled")
        yield Line(n, at, kind, held["body"])
    if (number, previous) != end(db):
        raise Broken(f"the audit ends with line {number}; expected {end(db)[0]}")


def end(db: sqlite3.Connection) -> tuple[int, str]:
    """
    Give number and hash of the line that was written last; 0 where there is none yet.

    :raises Broken: that is not known any more.
    """
    row = db.execute("SELECT value FROM meta WHERE key = ?", (LAST,)).fetchone()
    if row is None:
        return 0, FIRST
    try:
        number, hash_ = json.loads(row[0])
        return int(number), str(hash_)
    except (TypeError, ValueError) as err:
        raise Broken(f"the end of the audit is {row[0]!r}") from err


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def _hash(previous: str, text: str) -> str:
    return hashlib.sha256((previous + text).encode("ascii", "backslashreplace")).hexdigest()
