"""
Where the healer is in the inbox: each fact is taken, also when another inbox takes its place.

An inbox has an identity of its own. One that was made anew is read from its beginning; one that
was restored from a backup has the same identity, but other facts under the numbers that came
after: ids of facts taken before, ever fewer the older, show how far it is still the same.
"""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any, NamedTuple

from salt.exceptions import SaltRunnerError

from saltext.eos.utils.inbox_read import Reader


class Facts(NamedTuple):
    """
    What comes next.

    :param row: where the healer is in this inbox; lower than what it had when another is there.
    :param rows: number and text of the facts that follow.
    :param last: number of the newest fact.
    :param name: identity of the inbox.
    :param missed: numbers that were forgotten for their age before they were taken.
    """

    row: int
    rows: list[tuple[int, str]]
    last: int
    name: str
    missed: int


class Intake:
    """
    Reads the inbox behind a cursor; opens it when it is there, and anew when it was replaced.

    :param path: file of the inbox.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reader: Reader | None = None

    def close(self) -> None:
        """Close the inbox."""
        if self._reader is not None:
            self._reader.close()
        self._reader = None

    def read(self, row: int, held: dict[str, Any], limit: int) -> Facts:
        """
        Give the facts after a row.

        :param held: what :func:`marked` gave with that row.
        :raises SaltRunnerError: there is no inbox.
        :raises sqlite3.Error: it cannot be read.
        """
        try:
            if self._reader is not None and self._reader.is_replaced():
                self.close()
            if self._reader is None:
                self._reader = Reader(self._path)
            return _read(self._reader, row, held, limit)
        except (sqlite3.Error, SaltRunnerError):
            self.close()
            raise


def _read(reader: Reader, row: int, held: dict[str, Any], limit: int) -> Facts:
    name, last = reader.identity(), reader.last_row()
    at = _place(reader, name, last, row, held)
    rows = [(number, text) for number, _, text in reader.after(at, limit)]
    missed = 0
    if rows and at and rows[0][0] > at + 1 and reader.id_of(at) is None:
        missed = rows[0][0] - at - 1
    return Facts(at, rows, last, name, missed)


def _place(reader: Reader, name: str, last: int, row: int, held: dict[str, Any]) -> int:
    """Say up to which row this inbox holds what was taken already."""
    if row == 0 or (held.get("name") and name and held["name"] != name):
        return 0
    marks = held.get("marks") or []
    for number, id_ in marks:
        if number <= last and reader.id_of(number) == id_:
            return int(number)
    # None of the facts that were taken is kept: forgotten for their age, or another inbox.
    is_same = bool(held.get("name")) and held["name"] == name
    was_kept = [number for number, _ in marks if number >= max(1, reader.first_row())]
    return row if is_same and row <= last and not was_kept else 0


def marked(held: dict[str, Any], name: str, row: int, id_: str) -> dict[str, Any]:
    """
    Note a fact that was taken, and forget some of those before: the older, the fewer stay.

    :param held: what this gave before.
    """
    older = held.get("marks") or [] if held.get("name") in (name, "", None) else []
    marks: list[list[Any]] = [[row, id_]]
    older = [one for one in older if one[0] < row]
    for one, next_ in zip(older, [*older[1:], None], strict=False):
        # It is needed where the next one is more than twice as far away as the one before.
        is_near = len(marks) > 1 and next_ and row - next_[0] <= 2 * (row - marks[-1][0])
        if not is_near:
            marks.append(one)
    return {"name": name, "marks": marks}


def envelope(text: str) -> dict[str, Any]:
    """
    Read a fact.

    :raises ValueError: it is none.
    """
    found = json.loads(text)
    if isinstance(found, dict) and isinstance(found.get("id"), str):
        return found
    raise ValueError(f"a fact is {text[:80]!r}; expected an object with an id")
