"""
The books of a beacon, open: what is to be told, kept on disk until the master has it.

The state is plain JSON with at least ``records``, ``number`` and ``counts``; what else is in it is
the beacon's own.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from saltext.eos.utils import record_store
from saltext.eos.utils.record_batch import Record
from saltext.eos.utils.record_scribe import Scribe
from saltext.eos.utils.record_store import State

log = logging.getLogger(__name__)


def tell(state: State, record: Record) -> None:
    """Give a record its number and keep it until it is acknowledged."""
    state["records"].append({"n": state["number"], **record})
    state["number"] += 1
    state["counts"]["told"] += 1


def acknowledge(state: State, number: int) -> int:
    """
    Let go of the records up to ``number``, and say how many.

    The numbers go on above it. Books that are older than the acknowledgement, or were made after a
    clock was set back, would give a new record a number that counts as told.
    """
    state["number"] = max(state["number"], number + 1)
    before = len(state["records"])
    state["records"] = [record for record in state["records"] if record["n"] > number]
    return before - len(state["records"])


def look(folder: Path) -> tuple[State, int]:
    """Read the books without touching them, and up to which number the master has everything."""
    try:
        state = json.loads((folder / record_store.STATE).read_bytes())
    except (OSError, ValueError):
        state = {}
    done = record_store.acknowledged(folder)
    return state, done.number if done else 0


def released(opts: dict[str, Any], beacon: str, boot: Any, number: Any) -> dict[str, Any]:
    """Store what the master has of a beacon, and give what is stored now."""
    folder = record_store.home(opts, beacon)
    stored = record_store.acknowledge(folder, str(boot), int(number))
    return {"boot": stored.boot, "n": stored.number}


def pending(opts: dict[str, Any], beacon: str) -> list[Record]:
    """List the records of a beacon that the master has not acknowledged, oldest first."""
    return _left(*look(record_store.home(opts, beacon)))


def status(
    opts: dict[str, Any], beacon: str, own: Callable[[State], dict[str, Any]]
) -> dict[str, Any]:
    """
    Tell where a beacon stands.

    :param own: gives what is told of its state beside what all beacons tell.
    """
    state, done = look(record_store.home(opts, beacon))
    if not state:
        return {"running": False}
    return {
        "running": True,
        "boot": state["boot"],
        "next": state["number"],
        "acknowledged": done or None,
        "pending": len(_left(state, done)),
        **state["counts"],
        **own(state),
    }


def _left(state: State, done: int) -> list[Record]:
    return [record for record in state.get("records", ()) if record["n"] > done]


class Books:
    """
    Books that one beacon writes.

    :param beacon: its name, for people.
    :param folder: where they are kept.
    """

    def __init__(self, beacon: str, folder: Path) -> None:
        self._beacon = beacon
        self._folder = folder
        self._acknowledged = self._done = 0
        self._is_failing = False
        self._scribe: Scribe | None = None
        self.state: State = {}
        self.is_dirty = False

    def load(self, version: int, written: Iterable[str]) -> State | None:
        """Read what is on disk; ``None`` when there is nothing that can be used."""
        return record_store.load(self._folder, version, written)

    def open(self, state: State) -> None:
        """
        Go on from a state; it is on disk when this returns.

        :raises OSError: it cannot be written.
        """
        record_store.save(self._folder, state)
        self.state = state
        self._scribe = Scribe(f"{self._beacon}-books", self._folder, state["records"])

    @property
    def records(self) -> list[Record]:
        """What is on disk and the master has not acknowledged."""
        done = self._done
        found = self._scribe.records() if self._scribe else []
        return [record for record in found if record["n"] > done]

    @property
    def is_kept(self) -> bool:
        """Whether what was last to be written is on disk, or on its way there."""
        return not self._is_failing

    def tell(self, record: Record) -> None:
        """Add a record; it can be sent as soon as it is on disk."""
        tell(self.state, record)
        self.is_dirty = True

    def let_go(self) -> None:
        """Forget what the master has acknowledged since the last time."""
        stamp = record_store.stamp(self._folder)
        if stamp == self._acknowledged:
            return
        self._acknowledged = stamp
        self.is_dirty |= self.release(self.state)

    def release(self, state: State) -> bool:
        """Let go in a state of what is acknowledged, and say whether that was anything."""
        found = record_store.acknowledged(self._folder)
        if not found:
            return False
        self._done = found.number
        return acknowledge(state, found.number) > 0

    def save(self) -> None:
        """Have what changed written; while it cannot be, nothing new is sent, and people know."""
        if self._scribe is None:
            return
        failure = self._scribe.failure()
        if self.is_dirty or failure:
            self._scribe.write(self.state)
            self.is_dirty = False
        if failure and not self._is_failing:
            log.warning(
                "%s: the books in %s cannot be written: %s; what is new is kept in memory and not "
                "told until they can; make room there or give the minion the right to write",
                self._beacon, self._folder, failure,
            )  # fmt: skip
        elif self._is_failing and not failure:
            log.info("%s: the books in %s are written again", self._beacon, self._folder)
        self._is_failing = bool(failure)

    def close(self) -> None:
        """Write what is waiting."""
        if self._scribe:
            self._scribe.close()
