"""Reading the inbox while the engine writes it: what the runner and the bus need."""

from __future__ import annotations

import fcntl
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from salt.exceptions import SaltRunnerError

from saltext.eos.utils import store
from saltext.eos.utils.inbox import NAME

BUS = "bus.json"
NO_END = 2**62
# Each number is in one of them: they are written in one transaction.
HELD = """SELECT
  (SELECT count(*) FROM events WHERE epoch = :epoch AND seq >= :first) +
  (SELECT count(*) FROM dead WHERE epoch = :epoch AND seq >= :first) +
  (SELECT count(*) FROM repeats WHERE epoch = :epoch AND seq >= :first)"""


def path_of(opts: dict[str, Any]) -> Path:
    """Give the inbox that the master's engine was told to keep."""
    for engine in opts.get("engines") or []:
        if isinstance(engine, dict) and "eos_bridge" in engine:
            told = (engine["eos_bridge"] or {}).get("inbox")
            if told:
                return Path(told)
    return store.home(opts) / NAME


class Reader:
    """
    An inbox, opened to be read.

    :param path: file of the inbox.
    :raises SaltRunnerError: it is not there, or this user may not read it.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._path, self._inode = path, path.stat().st_ino
            path.open("rb").close()
        except FileNotFoundError as err:
            raise SaltRunnerError(
                f"inbox {path} is not there; expected the engine eos_bridge to have made it; run "
                "`saltext-eos configure-master` and restart the master"
            ) from err
        except PermissionError as err:
            raise SaltRunnerError(
                f"inbox {path} cannot be read by this user; run as root or as the master's user"
            ) from err
        self._db = sqlite3.connect(
            f"file:{path}?mode=ro", uri=True, isolation_level=None, check_same_thread=False,
            timeout=10,
        )  # fmt: skip

    def is_replaced(self) -> bool:
        """Tell whether another file has taken the place of this one."""
        try:
            return self._path.stat().st_ino != self._inode
        except OSError:
            return False

    def is_served(self) -> bool | None:
        """Tell whether an engine holds this inbox; None when this user may not know."""
        try:
            with self._path.with_suffix(".lock").open("rb") as hold:
                fcntl.flock(hold, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except PermissionError:
            return None
        except OSError:
            return False
        return False

    def bus(self) -> dict[str, int]:
        """Tell up to which row events were fired, and how many were not yet."""
        try:
            row = int(json.loads(self._path.with_name(BUS).read_text("utf-8"))["row"])
        except (OSError, ValueError, KeyError, TypeError):
            row = 0
        return {"row": row, "behind": max(0, self.last_row() - row)}

    def dead_since(self, moment: float) -> int:
        """Count the dead letters since then."""
        return int(
            self._db.execute("SELECT count(*) FROM dead WHERE at >= ?", (moment,)).fetchone()[0]
        )

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def events(
        self, wanted: dict[str, Any], *, limit: int, after: int | None = None
    ) -> list[tuple[int, dict[str, Any]]]:
        """
        Give events, oldest first: the newest ``limit``, or the first ``limit`` after a row.

        :param wanted: ``tag`` (glob), ``event``, ``subject`` (glob), ``severities``, ``since``
            (seconds since 1970), ``hidden`` (a verb); None asks for all.
        """
        where, values = ["1"], []
        for condition, value in (
            ("tag GLOB ?", wanted.get("tag")),
            ("event = ?", wanted.get("event")),
            ("subject GLOB ?", wanted.get("subject")),
            ("received >= ?", wanted.get("since")),
            ("row > ?", after),
            ("row <= ?", wanted.get("upto")),
            ("verb <> ?", wanted.get("hidden")),
        ):
            if value is not None:
                where.append(condition)
                values.append(value)
        severities = wanted.get("severities")
        if severities is not None:
            where.append(f"severity IN ({','.join('?' * len(severities))})")
            values += severities
        order = "DESC" if after is None else "ASC"
        query = (
            f"SELECT row, body FROM events WHERE {' AND '.join(where)} ORDER BY row {order} LIMIT ?"  # noqa: S608 - conditions are the constants above
        )
        rows = self._db.execute(query, (*values, limit)).fetchall()
        found = [(int(row), json.loads(body)) for row, body in rows]
        return found[::-1] if after is None else found

    def named(self, id_: str) -> dict[str, Any] | None:
        """Give the event of an id; None when it is not, or no more, in the inbox."""
        found = self._db.execute("SELECT body FROM events WHERE id = ?", (id_,)).fetchone()
        return json.loads(found[0]) if found else None

    def memory(self, alloc: str, upto: str, within: int) -> dict[str, Any] | None:
        """
        Give what was last told of an allocation and its memory before a moment; None without.

        :param upto: RFC 3339 time; ten seconds later is taken too, because clocks differ.
        :param within: seconds before.
        """
        row = self._db.execute(
            "SELECT body FROM events WHERE alloc = ? AND (event IN ('kernel/oom', 'kernel/oomd') "
            "OR (event = 'nomad/task' AND verb = 'oom')) AND julianday(occurred) BETWEEN "
            "julianday(?) - ? / 86400.0 AND julianday(?) + 10 / 86400.0 "
            "ORDER BY event, row DESC LIMIT 1", (alloc, upto, within, upto),
        ).fetchone()  # fmt: skip
        return json.loads(row[0]) if row else None

    def after(self, row: int, limit: int) -> list[tuple[int, str, str]]:
        """Give row, tag and text of the events after a row."""
        return self._db.execute(
            "SELECT row, tag, body FROM events WHERE row > ? ORDER BY row LIMIT ?", (row, limit)
        ).fetchall()

    def identity(self) -> str:
        """Give what names this inbox among all that were in its place; empty for an old one."""
        try:
            row = self._db.execute("SELECT name FROM identity").fetchone()
        except sqlite3.OperationalError as err:
            if "no such table" not in str(err):
                raise
            return ""
        return str(row[0]) if row else ""

    def id_of(self, row: int) -> str | None:
        """Give the id of the event of a row; None when there is none any more."""
        found = self._db.execute("SELECT id FROM events WHERE row = ?", (row,)).fetchone()
        return str(found[0]) if found else None

    def first_row(self) -> int:
        """Give the number of the oldest row that is kept; 0 for an empty inbox."""
        return int(self._db.execute("SELECT min(row) FROM events").fetchone()[0] or 0)

    def last_row(self) -> int:
        """Give the number of the newest row, also when it is gone; 0 for an empty inbox."""
        row = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'events'").fetchone()
        return int(row[0]) if row else 0

    def skipped(self, after: int, upto: int) -> list[tuple[str, int]]:
        """Count the events of a range by event and verb."""
        return self._db.execute(
            "SELECT 'eos/' || event || '/' || verb, count(*) FROM events "
            "WHERE row > ? AND row <= ? GROUP BY event, verb ORDER BY count(*) DESC",
            (after, upto),
        ).fetchall()

    def numbered(
        self, epoch: str, first: int, last: int | None, page: int = 500
    ) -> Iterator[dict[str, Any]]:
        """
        Give the events of an epoch by number, first and last included.

        They are read a page at a time: a million of them never lies in memory, and nothing keeps
        the log of the inbox from being folded back meanwhile.
        """
        while True:
            rows = self._db.execute(
                "SELECT seq, body FROM events WHERE epoch = ? AND seq BETWEEN ? AND ? "
                "ORDER BY seq LIMIT ?",
                (epoch, first, NO_END if last is None else last, page),
            ).fetchall()
            for _, body in rows:
                yield json.loads(body)
            if len(rows) < page:
                return
            first = rows[-1][0] + 1

    def span(self, epoch: str, first: int, last: int | None) -> tuple[int, int, int]:
        """Count the events of an epoch between two numbers, and give the first and the last."""
        count, least, most = self._db.execute(
            "SELECT count(*), min(seq), max(seq) FROM events WHERE epoch = ? AND seq BETWEEN ? "
            "AND ?",
            (epoch, first, NO_END if last is None else last),
        ).fetchone()
        return int(count), int(least or 0), int(most or 0)

    def epochs(self) -> list[dict[str, Any]]:
        """List the epochs with the numbers that the inbox holds, the newest first."""
        names = ("epoch", "instance", "seen", "first", "last", "events")
        rows = self._db.execute(
            "SELECT e.epoch, s.instance, coalesce(s.seen, max(e.received)) AS heard, "
            "min(e.seq), max(e.seq), count(*) FROM events e "
            "LEFT JOIN streams s ON s.epoch = e.epoch GROUP BY e.epoch ORDER BY heard DESC"
        )
        return [dict(zip(names, row, strict=True)) for row in rows]

    def newest_epoch(self) -> str | None:
        """Give the epoch of the sidecar that was last heard and has sent something."""
        row = self._db.execute(
            "SELECT epoch FROM streams WHERE last_seq > 0 ORDER BY seen DESC LIMIT 1"
        ).fetchone()
        return str(row[0]) if row else None

    def streams(self) -> list[dict[str, Any]]:
        """List the sidecars that have greeted, the last one heard last."""
        names = ("epoch", "last_seq", "instance", "version", "role", "seen", "status")
        rows = self._db.execute(f"SELECT {', '.join(names)} FROM streams ORDER BY seen").fetchall()  # noqa: S608 - constants
        found = [dict(zip(names, row, strict=True)) for row in rows]
        return [
            {**one, "status": json.loads(one["status"]) if one["status"] else None} for one in found
        ]

    def sources(self) -> list[dict[str, Any]]:
        """List the sources with their newest index."""
        rows = self._db.execute("SELECT source, epoch, idx, at FROM cursors ORDER BY source")
        return [dict(zip(("source", "epoch", "idx", "at"), row, strict=True)) for row in rows]

    def silences(self) -> list[dict[str, Any]]:
        """List who is silent, and since when."""
        rows = self._db.execute("SELECT source, since FROM silences ORDER BY source")
        return [dict(zip(("source", "since"), row, strict=True)) for row in rows]

    def minions(self) -> list[dict[str, Any]]:
        """List what minions have told, and what was told in their name and not believed."""
        names = ("minion", "boot", "last_n", "gaps", "refused", "why", "at")
        rows = self._db.execute(f"SELECT {', '.join(names)} FROM minions ORDER BY minion")  # noqa: S608 - constants
        return [dict(zip(names, row, strict=True)) for row in rows]

    def dead(self, *, limit: int) -> list[dict[str, Any]]:
        """List the newest dead letters."""
        names = ("n", "at", "epoch", "seq", "id", "code", "reason")
        rows = self._db.execute(
            f"SELECT {', '.join(names)} FROM dead ORDER BY n DESC LIMIT ?",  # noqa: S608 - constants
            (limit,),
        )
        return [dict(zip(names, row, strict=True)) for row in rows]

    def gaps(self) -> list[dict[str, Any]]:
        """
        List epochs of which the inbox lacks numbers that it has acknowledged: none, ever.

        A number is there as an event, as a dead letter, or because its event had come before. What
        was forgotten for its age went from the beginning, so only what follows is counted.
        """
        is_whole = bool(self._db.execute("SELECT 1 FROM events WHERE row = 1").fetchone())
        found = []
        for epoch, last in self._db.execute(
            "SELECT epoch, last_seq FROM streams WHERE last_seq > 0 ORDER BY seen"
        ).fetchall():
            (least,) = self._db.execute(
                "SELECT min(seq) FROM events WHERE epoch = ?", (epoch,)
            ).fetchone()
            first = 1 if is_whole else least or last + 1
            (held,) = self._db.execute(HELD, {"epoch": epoch, "first": first}).fetchone()
            if held < last + 1 - first:
                found.append(
                    {"epoch": epoch, "from": first, "to": last, "missing": last + 1 - first - held}
                )
        return found

    def totals(self) -> dict[str, int]:
        """Count events and dead letters."""
        (rows,) = self._db.execute("SELECT count(*) FROM events").fetchone()
        (dead,) = self._db.execute("SELECT count(*) FROM dead").fetchone()
        return {"rows": int(rows), "dead": int(dead), "last_row": self.last_row()}
