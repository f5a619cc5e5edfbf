"""
The inbox: every event that has reached the master, once, and what is needed to go on from there.

SQLite in WAL mode with ``synchronous=FULL``: when :meth:`Inbox.commit` returns, the events are on
the disk. There is one writer, the engine ``eos_bridge``; readers open the file read-only.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from saltext.eos.utils import bridge_envelope, inbox_file, inbox_link

log = logging.getLogger(__name__)

NAME = "inbox.db"
# Dead letters that one minion may leave; the oldest make room.
MOST_DEAD = 1_000

INSERT = "INSERT OR IGNORE INTO events VALUES (NULL,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
CURSOR = """INSERT INTO cursors VALUES (?,?,?,?) ON CONFLICT (source) DO UPDATE SET
  epoch = excluded.epoch, at = excluded.at,
  idx = CASE WHEN epoch = excluded.epoch THEN max(idx, excluded.idx) ELSE excluded.idx END"""
# A number whose event had come before, under another: it has no row of its own.
REPEAT = """INSERT OR IGNORE INTO repeats SELECT ?1, ?2 WHERE NOT EXISTS
  (SELECT 1 FROM events WHERE id = ?3 AND epoch = ?1 AND seq = ?2)"""
DEAD = "INSERT INTO dead VALUES (NULL,?,?,?,?,?,?,?)"
FEWER_DEAD = """DELETE FROM dead WHERE epoch = ?1 AND n <=
  (SELECT n FROM dead WHERE epoch = ?1 ORDER BY n DESC LIMIT 1 OFFSET ?2)"""


class Taken(NamedTuple):
    """An envelope with its text, as it came."""

    envelope: dict[str, Any]
    text: str


class Refused(NamedTuple):
    """An envelope that does not fit, and why."""

    seq: int
    id: str
    code: str
    reason: str
    text: str


def attempted(inbox: Inbox, write: Callable[[], Any]) -> Any:
    """
    Write; after an error the file is opened anew, so that the next attempt finds what is there.

    :raises sqlite3.Error: nothing was written.
    """
    try:
        return write()
    except sqlite3.Error as err:
        try:
            inbox.mend(err)
        except (sqlite3.Error, OSError) as again:
            log.info("the inbox cannot be opened: %s", again)
        raise


class Inbox:
    """
    The one writer of an inbox.

    :param path: file of the inbox; its folder is made for this user only.
    :raises Busy: another process writes it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._hold = inbox_file.held(path.with_suffix(".lock"))
        self.damaged: list[Path] = []
        """Files that were put aside since this was last looked at."""
        try:
            self._db = self._opened()
        except BaseException:
            os.close(self._hold)
            raise

    def close(self) -> None:
        """Close the file and let the next engine have it."""
        self._db.close()
        os.close(self._hold)

    def mend(self, err: sqlite3.Error) -> None:
        """
        Open the file anew after an error; when it is damaged, put it aside and begin another.

        A full disk is no damage, and nothing has to be opened for it.
        """
        if inbox_file.is_full(err):
            return
        self._db.close()
        if inbox_file.is_damage(err):
            self.damaged.append(inbox_file.put_aside(self.path, err))
        self._db = inbox_file.opened(self.path, is_thorough=False)

    def _opened(self) -> sqlite3.Connection:
        try:
            return inbox_file.opened(self.path, is_thorough=True)
        except sqlite3.DatabaseError as err:
            if not inbox_file.is_damage(err):
                raise
            self.damaged.append(inbox_file.put_aside(self.path, err))
            return inbox_file.opened(self.path, is_thorough=True)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield self._db
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def commit(self, epoch: str, taken: list[Taken], refused: list[Refused], last_seq: int) -> int:
        """
        Write a batch whole: events, dead letters, cursors and how far the epoch has come.

        :param last_seq: number of the last envelope of the batch.
        :return: how many events were new.
        :raises sqlite3.Error: nothing was written.
        """
        now = time.time()
        with self._transaction() as db:
            before = db.total_changes
            db.executemany(INSERT, [_row(one, now) for one in taken])
            new = db.total_changes - before
            if new < len(taken):
                heads = [one.envelope for one in taken]
                db.executemany(REPEAT, [(epoch, one["seq"], one["id"]) for one in heads])
            if refused:
                rows = [
                    (now, epoch, one.seq, one.id, one.code, one.reason, one.text) for one in refused
                ]
                db.executemany(DEAD, rows)
            db.executemany(CURSOR, _cursors(taken, now))
            db.execute(
                "UPDATE streams SET last_seq = max(last_seq, ?), seen = ? WHERE epoch = ?",
                (last_seq, now, epoch),
            )
            inbox_link.link(db, [one.envelope for one in taken], now)
        return new

    def tell(self, one: Taken, silent: tuple[str, float | None] | None) -> None:
        """
        Write an event of the engine itself.

        :param silent: who is silent, since when; None for since when takes it back.
        """
        now = time.time()
        with self._transaction() as db:
            db.execute(INSERT, _row(one, now))
            db.executemany(CURSOR, _cursors([one], now))
            if silent is not None:
                db.execute("DELETE FROM silences WHERE source = ?", silent[:1])
                if silent[1] is not None:
                    db.execute("INSERT INTO silences VALUES (?,?)", silent)

    def pulses(self) -> dict[str, float]:
        """Give which beacons of minions have told that they are there, and since when."""
        return dict(self._db.execute("SELECT source, at FROM pulses").fetchall())

    def pulse(self, source: str, at: float | None) -> None:
        """Note that a beacon tells that it is there; None when nobody waits for it any more."""
        with self._transaction() as db:
            db.execute("DELETE FROM pulses WHERE source = ?", (source,))
            if at is not None:
                db.execute("INSERT INTO pulses VALUES (?,?)", (source, at))

    def silent(self) -> dict[str, float]:
        """Give who is silent, and since when: seconds since 1970."""
        return dict(self._db.execute("SELECT source, since FROM silences").fetchall())

    def commit_records(
        self,
        minion: str,
        boot: str,
        taken: list[Taken],
        refused: list[Refused],
        last_n: int,
        gaps: int,
    ) -> None:
        """
        Write what a minion's beacon told, and up to which of its numbers.

        :param minion: whose numbers: the minion, with another beacon than the first behind it.
        """
        now = time.time()
        with self._transaction() as db:
            db.executemany(INSERT, [_row(one, now) for one in taken])
            rows = [
                (now, minion, one.seq, one.id, one.code, one.reason, one.text) for one in refused
            ]
            db.executemany(DEAD, rows)
            if rows:
                db.execute(FEWER_DEAD, (minion, MOST_DEAD))
            db.executemany(CURSOR, _cursors(taken, now))
            db.execute(
                "INSERT INTO minions VALUES (?,?,?,?,0,'',?) ON CONFLICT (minion) DO UPDATE SET "
                "boot = excluded.boot, last_n = excluded.last_n, gaps = gaps + excluded.gaps, "
                "at = excluded.at",
                (minion, boot, last_n, gaps, now),
            )
            inbox_link.link(db, [one.envelope for one in taken], now)

    def there(self, ids: list[str]) -> set[str]:
        """Give which of these records of minions are in the inbox, as events or dead letters."""
        found: set[str] = set()
        for start in range(0, len(ids), 500):
            some = ids[start : start + 500]
            marks = ",".join("?" * len(some))
            rows = self._db.execute(
                f"SELECT id FROM events WHERE id IN ({marks}) "  # noqa: S608 - only question marks
                f"UNION SELECT id FROM dead WHERE id IN ({marks})",
                (*some, *some),
            )
            found.update(name for (name,) in rows)
        return found

    def refuse_minions(self, rows: list[tuple[str, int, str]]) -> None:
        """
        Count what was told in the name of minions and not believed.

        :param rows: minion, how often, and why the last time.
        """
        now = time.time()
        with self._transaction() as db:
            db.executemany(
                "INSERT INTO minions VALUES (?,'',0,0,?,?,?) ON CONFLICT (minion) DO UPDATE SET "
                "refused = refused + excluded.refused, why = excluded.why",
                [(minion, count, why, now) for minion, count, why in rows],
            )

    def greet(self, epoch: str, instance: str, version: str, role: str) -> int:
        """
        Note who speaks, and give the last number of its epoch; 0 when the epoch is new.

        A standby leaves no number behind: its epoch begins when it becomes active.
        """
        with self._transaction() as db:
            db.execute(
                "INSERT INTO streams VALUES (?,0,?,?,?,?,NULL) ON CONFLICT (epoch) DO UPDATE SET "
                "instance = excluded.instance, version = excluded.version, role = excluded.role, "
                "seen = excluded.seen",
                (epoch, instance, version, role, time.time()),
            )
            (last,) = db.execute(
                "SELECT last_seq FROM streams WHERE epoch = ?", (epoch,)
            ).fetchone()
        return int(last)

    def note(self, epoch: str, status: dict[str, Any]) -> None:
        """Keep the last status of a sidecar."""
        with self._transaction() as db:
            db.execute(
                "UPDATE streams SET status = ?, seen = ? WHERE epoch = ?",
                (json.dumps(status), time.time(), epoch),
            )

    def cursors(self) -> dict[str, dict[str, Any]]:
        """Give the highest index of each source that is in the inbox."""
        rows = self._db.execute("SELECT source, epoch, idx FROM cursors").fetchall()
        return {source: {"epoch": epoch, "index": index} for source, epoch, index in rows}

    def last_record(self, minion: str) -> tuple[str, int] | None:
        """Give boot and number of the last record of a minion."""
        row = self._db.execute(
            "SELECT boot, last_n FROM minions WHERE minion = ? AND last_n > 0", (minion,)
        ).fetchone()
        return (str(row[0]), int(row[1])) if row else None

    def prune(self, oldest: float, most: int, slice_: int = 5000) -> int:
        """
        Forget what is too old or too much, a slice at a time.

        :param oldest: moment before which events go, seconds since 1970.
        :param most: how many events may stay.
        :return: how many went.
        """
        with self._transaction() as db:
            # Each limit by its own index, and each row by its own moment: a row of the time before
            # the clock was set takes nobody along.
            gone = db.execute(
                "DELETE FROM events WHERE row IN (SELECT row FROM events WHERE received < ?1 "
                "ORDER BY received LIMIT ?2)",
                (oldest, slice_),
            ).rowcount
            gone += db.execute(
                "DELETE FROM events WHERE row IN (SELECT row FROM events WHERE row <= "
                "(SELECT max(row) FROM events) - ?1 ORDER BY row LIMIT ?2)",
                (most, slice_ - gone),
            ).rowcount
            # Last, so that the numbers of an epoch go from its beginning on.
            if gone < slice_:
                db.execute("DELETE FROM dead WHERE at < ?", (oldest,))
                db.execute("DELETE FROM streams WHERE seen < ?", (oldest,))
                db.execute("DELETE FROM repeats WHERE epoch NOT IN (SELECT epoch FROM streams)")
        return int(gone)


def _row(one: Taken, now: float) -> tuple[Any, ...]:
    body = one.envelope
    source = body["source"]
    return (
        body["id"], body["epoch"], body["seq"], body["event"], body["verb"], body["tag"],
        body["severity"], body["origin"], source["name"], source["index"],
        bridge_envelope.tail(body), bridge_envelope.alloc(body), now, body["time"]["occurred"],
        int(body["settled"]), one.text,
    )  # fmt: skip


def _cursors(taken: list[Taken], now: float) -> list[tuple[str, str, int, float]]:
    last: dict[str, tuple[str, str, int, float]] = {}
    for one in taken:
        source = one.envelope["source"]
        name, epoch, index = source["name"], source["epoch"], source["index"]
        before = last.get(name)
        if before is not None and before[1] == epoch:
            index = max(index, before[2])
        last[name] = (name, epoch, index, now)
    return list(last.values())
