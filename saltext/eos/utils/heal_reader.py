"""
The healer's file, read beside the engine that writes it: what the runner shows.

It is opened to be read alone, so nothing here can change it, and it is read as it was at one
moment. What the engine has not obeyed yet, such as a freeze while it is down, is shown as obeyed:
for claims it counts from the moment it was written.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from saltext.eos.utils import (
    heal_audit,
    heal_clock,
    heal_command,
    heal_file,
    heal_rows,
    heal_settings,
    heal_store,
)
from saltext.eos.utils.heal_state import State

# Lines of the audit whose chain is looked over each time; the whole of it is by eos.audit.
TAIL = 2_000
WRONG = (sqlite3.Error, ValueError, KeyError, TypeError)


class Told(NamedTuple):
    """
    A command that the engine has not obeyed yet.

    :param at: seconds since 1970.
    """

    at: float
    by: str
    body: dict[str, Any]


class Reader:
    """
    The healer's file as it is at a moment.

    :param path: file of the healer.
    :param is_thorough: look over the file and the whole audit; otherwise the end of it.
    :raises Unusable: it cannot be trusted, or this user may not read it.
    """

    def __init__(
        self, path: Path, read: Callable[[], heal_clock.Reading] = heal_clock.read, *,
        is_thorough: bool = False,
    ) -> None:  # fmt: skip
        self.path, self._db = path, opened(path)
        try:
            with distrusting(path):
                self._begin(read(), is_thorough=is_thorough)
        except heal_file.Unusable:
            self._db.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _begin(self, reading: heal_clock.Reading, *, is_thorough: bool) -> None:
        self._db.execute("BEGIN")
        looked_over(self._db, self.path)
        if is_thorough:
            found = self._db.execute("PRAGMA quick_check(1)").fetchone()[0]
            if found != "ok":
                raise heal_file.Unusable(f"{self.path} is damaged: {found}")
        last, _ = heal_audit.end(self._db)
        for _ in heal_audit.verified(self._db, 0 if is_thorough else max(0, last - TAIL)):
            pass
        clock = heal_file.meta(self._db, heal_store.CLOCK)
        self.now = heal_clock.after(heal_clock.unpacked(clock), reading).now
        self.wall = reading.wall
        self.state: State = heal_rows.read(self._db)
        self.told = [
            Told(float(at), str(by), json.loads(body))
            for at, by, body in self._db.execute("SELECT at, by, body FROM commands ORDER BY n")
        ]
        settings = heal_settings.Settings()
        for one in self.told:
            # A span begins when the engine obeys; until then it is shown from now on.
            with contextlib.suppress(heal_command.Refused):
                heal_command.obey(self.state, one.body, one.by, self.now, settings)

    def moment(self, seconds: float) -> float:
        """Give seconds since 1970 for a moment in the healer's seconds."""
        return self.wall - (self.now - seconds)

    def incidents(self) -> list[dict[str, Any]]:
        """List all incidents that are kept, the oldest first; closed ones too."""
        rows = self._db.execute("SELECT body FROM incidents ORDER BY opened, id").fetchall()
        found = [json.loads(text) for (text,) in rows]
        held = {one.id: one for one in self.state.incidents.values()}
        for one in found:
            if one["id"] in held:
                one["due"] = held[one["id"]].due
        return found

    def noted(self, policies: list[str], since: float, most: int) -> list[dict[str, Any]]:
        """
        List incidents of some policies that were closed because people were told, newest first.

        :param since: moment in the healer's seconds after which their last fact came.
        """
        rows = self._db.execute(
            "SELECT body FROM incidents WHERE state = 'closed' AND why LIKE 'noted%' AND last >= ? "
            "AND policy IN (SELECT value FROM json_each(?)) ORDER BY last DESC LIMIT ?",
            (since, json.dumps(policies), most),
        )
        return [json.loads(text) for (text,) in rows]

    def decisions(self, incident: str | None = None) -> list[dict[str, Any]]:
        """List decisions, of one incident or all, the oldest first."""
        rows = self._db.execute(
            "SELECT body, state, claim FROM decisions WHERE ?1 IS NULL OR incident = ?1 "
            "ORDER BY created, id", (incident,),
        )  # fmt: skip
        return [
            {**json.loads(text), "state": state, "claim": json.loads(claim) if claim else None}
            for text, state, claim in rows.fetchall()
        ]

    def named(self, table: str, start: str) -> list[str]:
        """List the ids of incidents or decisions that begin with some letters."""
        query = {
            "incidents": "SELECT id FROM incidents WHERE substr(id, 1, ?) = ? ORDER BY id LIMIT 20",
            "decisions": "SELECT id FROM decisions WHERE substr(id, 1, ?) = ? ORDER BY id LIMIT 20",
        }[table]
        return [str(name) for (name,) in self._db.execute(query, (len(start), start))]

    def about(self, names: set[str]) -> list[heal_audit.Line]:
        """List the lines that name one of some incidents, decisions or events, oldest first."""
        found = []
        for n, at, kind, text in self._db.execute("SELECT n, at, kind, body FROM audit ORDER BY n"):
            if any(name in text for name in names):
                body = json.loads(text)["body"]
                held = {body.get(key) for key in ("incident", "decision", "event")}
                if held & names:
                    found.append(heal_audit.Line(n, at, kind, body))
        return found


def opened(path: Path) -> sqlite3.Connection:
    """
    Open the healer's file to be read alone.

    :raises Unusable: it is not there, or this user may not read it.
    """
    if not path.exists():
        raise heal_file.Unusable(
            f"{path} is not there; expected the engine eos_healer to have made it; run "
            "`saltext-eos configure-master` and restart the master"
        )
    try:
        path.open("rb").close()
    except PermissionError as err:
        raise heal_file.Unusable(
            f"{path} cannot be read by this user; run as root or as the master's user"
        ) from err
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None, timeout=10)


def looked_over(db: sqlite3.Connection, path: Path) -> None:
    """
    Look whether a file is one of this healer, with what guards its audit.

    :raises Unusable: it is not.
    """
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version != heal_file.VERSION:
        raise heal_file.wrong_version(path, version)
    (guards,) = db.execute(
        "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'"
    ).fetchone()
    if guards != 2:
        raise heal_file.Unusable(f"{path} has lost what guards its audit")


@contextlib.contextmanager
def distrusting(path: Path) -> Iterator[None]:
    """
    Take whatever is wrong with what is read for one thing: it cannot be trusted.

    :raises Unusable: it cannot.
    """
    try:
        yield
    except (heal_audit.Broken, *WRONG) as err:
        raise heal_file.Unusable(f"{path} cannot be trusted: {err}") from err


def before(db: sqlite3.Connection, since: float | None) -> int:
    """
    Give the number of the line before the first that is not older than a moment; 0 for all.

    The clock may have been put back: lines stand in the order in which they were written.
    """
    if since is None:
        return 0
    row = db.execute("SELECT min(n) FROM audit WHERE at >= ?", (since,)).fetchone()
    return heal_audit.end(db)[0] if row[0] is None else int(row[0]) - 1
