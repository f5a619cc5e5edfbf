"""
The healer's state on the disk: each step of the engine is one transaction, or nothing.

Within a step the file is held for writing: a claim or a command comes before it or after it, never
in between. A step that fails leaves the state in memory wrong: the store has to be opened anew.
"""

from __future__ import annotations

import contextlib
import json
import logging
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from saltext.eos.utils import (
    heal_act,
    heal_audit,
    heal_budget,
    heal_clock,
    heal_command,
    heal_file,
    heal_retain,
    heal_rows,
    lock,
)
from saltext.eos.utils.heal_settings import Settings
from saltext.eos.utils.heal_state import State

log = logging.getLogger(__name__)

CLOCK, EPOCH, LEASE = "clock", "epoch", "lease"


class Store:
    """
    The one writer of the healer's state.

    :param path: file of the state; made where there is none.
    :param read: the clocks of the machine.
    :param epoch: fencing epoch of the lease that this engine holds; None to keep what there is.
    :raises Unusable: it cannot be trusted: nothing may be decided.
    """

    def __init__(
        self,
        path: Path,
        read: Callable[[], heal_clock.Reading] = heal_clock.read,
        epoch: int | None = None,
    ) -> None:
        self.path, self._read = path, read
        self._db = heal_file.opened(path, makes=True)
        self._broken = ""
        self._version = -1
        try:
            with self._transaction():
                was: Any = heal_file.meta(self._db, CLOCK)
                self._time = now = _now(was, read())
                held = int(heal_file.meta(self._db, EPOCH) or 0)
                if epoch is not None and epoch < held:
                    raise heal_file.Unusable(
                        f"{path} belongs to epoch {held}; this engine has epoch {epoch}: another "
                        "one took over"
                    )
                heal_file.set_meta(self._db, EPOCH, held if epoch is None else epoch)
                heal_file.set_meta(self._db, CLOCK, heal_clock.packed(now))
                self.state: State = heal_rows.read(self._db)
                if was is not None and was["boot"] != now.reading.boot:
                    # Nobody saw how anything was while the machine was off.
                    self.state.judged = -heal_act.FOR_EVER
        except (sqlite3.Error, ValueError, KeyError, TypeError, AttributeError) as err:
            self._db.close()
            raise heal_file.Unusable(f"{path} cannot be trusted: {err}; healing is frozen") from err
        except heal_file.Unusable:
            self._db.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def now(self) -> float:
        """Say what the healer's time is; any thread may ask."""
        return heal_clock.after(self._time, self._read()).now

    def is_told(self) -> bool:
        """Tell whether somebody else wrote since this was last asked: a claim, or a command."""
        version = int(self._db.execute("PRAGMA data_version").fetchone()[0])
        told, self._version = version != self._version, version
        return told

    def take_over(self, index: int, is_new: bool) -> None:
        """
        Take the epoch of a lease, within a step: whatever was decided before cannot be claimed.

        :param index: of the taking; one that is not higher, as of a Consul made anew, counts on.
        :param is_new: another master acted meanwhile: nobody knows how much, so no token is left.
        """
        state, now = self.state, self._time.now
        state.epoch = max(index, state.epoch + 1)
        heal_file.set_meta(self._db, EPOCH, state.epoch)
        for realm in heal_act.REALMS if is_new else ():
            state.buckets[realm] = heal_budget.Bucket(0.0, now)
            state.mark("budget", realm)
        state.line("lease", now, epoch=state.epoch, index=index, is_new=is_new)

    def rotate(self, most: int = heal_retain.MOST) -> int:
        """
        Move what is old, or too much, into a file beside this one; see heal_retain.

        :return: how many lines of the audit were moved.
        :raises OSError: the file cannot be written; nothing was moved.
        :raises sqlite3.Error: the same.
        """
        return heal_retain.rotate(self._db, self.path, self.now(), self._read().wall, most)

    @contextlib.contextmanager
    def step(self, settings: Settings) -> Iterator[heal_clock.Time]:
        """
        Change the state within one transaction; claims and commands that came before are in it.

        :raises Unusable: another engine took over, or what is read cannot be trusted.
        :raises sqlite3.Error: nothing was written; open the store anew.
        """
        if self._broken:
            raise heal_file.Unusable(f"{self.path} was left by an error: {self._broken}")
        try:
            with self._transaction():
                if int(heal_file.meta(self._db, EPOCH) or 0) != self.state.epoch:
                    raise heal_file.Unusable(f"{self.path} belongs to another epoch by now")
                self._time = heal_clock.after(self._time, self._read())
                self._claims()
                self._commands(settings)
                self._orphans()
                yield self._time
                wall = self._time.reading.wall
                heal_audit.append(self._db, wall, self.state.lines)
                forgotten = self._time.now - settings.act_within
                heal_rows.write(self._db, self.state, forgotten)
                heal_file.set_meta(self._db, CLOCK, heal_clock.packed(self._time))
                heal_file.set_meta(self._db, LEASE, self.state.lease)
                self.state.lines = []
        except BaseException as err:
            self._broken = str(err) or type(err).__name__
            raise

    def _claims(self) -> None:
        rows = self._db.execute("SELECT id, claim FROM decisions WHERE state = 'claimed'")
        for name, claim in rows.fetchall():
            one = self.state.decisions.get(name)
            if one is not None and one.state == "decided":
                heal_act.claimed(self.state, name, json.loads(claim))
                self.state.mark("decisions", name)
            elif one is not None:
                # Its orchestration notes there that it acts, and what that brought about.
                one.claim = json.loads(claim)

    def _orphans(self) -> None:
        """End what is claimed by a process of this machine that is gone: nobody else would."""
        rows = self._db.execute("SELECT id, claim FROM decisions WHERE state = 'claimed'")
        for name, text in rows.fetchall():
            claim = json.loads(text)
            since = claim.get("started")
            if since is not None and lock.started(int(claim.get("pid") or 0)) != since:
                effects = tuple(str(one) for one in claim.get("effects", ()))
                heal_act.orphaned(self.state, name, effects, self._time.now)

    def _commands(self, settings: Settings) -> None:
        rows = self._db.execute("SELECT n, by, body FROM commands ORDER BY n").fetchall()
        for number, by, text in rows:
            try:
                heal_command.obey(self.state, json.loads(text), by, self._time.now, settings)
            except (heal_command.Refused, ValueError) as err:
                log.warning("command %s of %s was refused: %s", number, by, err)
                self.state.line(
                    "command_refused", self._time.now, by=by, command=text, why=str(err)
                )
            self._db.execute("DELETE FROM commands WHERE n = ?", (number,))

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        with transaction(self._db):
            yield


@contextlib.contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Hold the file for writing; whatever is raised, nothing of it is written."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            db.execute("ROLLBACK")
        raise


def _now(held: Any, reading: heal_clock.Reading) -> heal_clock.Time:
    if held is None:
        return heal_clock.first(reading)
    return heal_clock.after(heal_clock.unpacked(held), reading)
