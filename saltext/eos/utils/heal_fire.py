"""
What the healer says on Salt's bus: decisions for the reactor, and its audit for observers.

It is done by a thread of its own, so that a bus that hangs holds nothing. A decision that did not
go out is fired again by the healer while nobody claims it. The tag of a line of the audit is
``eos/heal/<kind>``; observers may miss lines, the audit has them all.
"""

from __future__ import annotations

import contextlib
import json
import logging
import queue
import sqlite3
import threading
from pathlib import Path
from typing import Any, NamedTuple

import salt.utils.event

from saltext.eos.utils.heal_state import Decision

log = logging.getLogger(__name__)

DECIDED = "eos/heal/decided/"
LINES = "eos/heal/"
PAUSE = 0.5
SLICE = 200
# More lines than that are not shown one by one.
BEHIND = 2_000


class Shot(NamedTuple):
    """One event to fire."""

    tag: str
    data: dict[str, Any]


class Outlet:
    """
    The way to the bus.

    :param path: the healer's file.
    """

    def __init__(self, opts: dict[str, Any], path: Path) -> None:
        # With this option Salt drops what it cannot send, and says that it was sent.
        self._opts = {**opts, "master_async_mworker": False}
        self._path = path
        self._waiting: queue.Queue[Shot | None] = queue.Queue(1_000)
        self._is_ended = threading.Event()
        self._number: int | None = None
        self.failed = 0
        self._thread = threading.Thread(target=self._run, name="eos heal bus", daemon=True)
        self._thread.start()

    def decided(self, decision: Decision) -> None:
        """Fire a decision: its id, and nothing that anybody could act upon."""
        self._put(Shot(DECIDED + decision.action, {"decision": decision.id}))

    def wake(self) -> None:
        """Show what is new in the audit."""
        with contextlib.suppress(queue.Full):
            self._waiting.put_nowait(None)

    def tell(self, kind: str, **data: Any) -> None:
        """Say what is in no audit, such as that there is none."""
        self._put(Shot(LINES + kind, data))

    def end(self) -> None:
        """Stop, once what waits has gone out or a second has passed."""
        self._is_ended.set()
        self.wake()
        self._thread.join(1.0)

    def _put(self, shot: Shot) -> None:
        try:
            self._waiting.put_nowait(shot)
        except queue.Full:
            self.failed += 1

    def _run(self) -> None:
        held: Shot | None = None
        while not self._is_ended.is_set():
            try:
                with salt.utils.event.get_master_event(
                    self._opts, self._opts["sock_dir"], listen=False
                ) as bus:
                    while not self._is_ended.is_set():
                        held = held or self._next()
                        if held is not None:
                            _fired(bus, held)
                            held = None
                        else:
                            self._show(bus)
            except Exception as err:  # noqa: BLE001 - Salt's transports raise whatever their library does
                # Fired too late a decision is no use, so nothing is tried twice here.
                held = None
                self.failed += 1
                log.warning("the bus cannot be reached: %s", err)
                self._is_ended.wait(PAUSE)

    def _next(self) -> Shot | None:
        with contextlib.suppress(queue.Empty):
            return self._waiting.get(timeout=PAUSE)
        return None

    def _show(self, bus: Any) -> None:
        """Fire the lines of the audit that are new since the last time, or since the start."""
        try:
            lines, self._number = _lines(self._path, self._number)
        except sqlite3.Error as err:
            log.info("the audit cannot be shown: %s", err)
            return
        for shot in lines:
            if not self._waiting.empty():
                self._drain(bus)
            _fired(bus, shot)

    def _drain(self, bus: Any) -> None:
        """Let decisions overtake lines."""
        with contextlib.suppress(queue.Empty):
            while True:
                shot = self._waiting.get_nowait()
                if shot is not None:
                    _fired(bus, shot)


def _lines(path: Path, number: int | None) -> tuple[list[Shot], int | None]:
    if not path.exists():
        return [], number
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as db:
        last = int(db.execute("SELECT coalesce(max(n), 0) FROM audit").fetchone()[0])
        if number is None:
            return [], last
        shots = []
        if last - number > BEHIND:
            count = last - SLICE - number
            shots.append(Shot(f"{LINES}coalesced", {"from": number + 1, "count": count}))
            number += count
        rows = db.execute("SELECT n, body FROM audit WHERE n > ? ORDER BY n LIMIT ?",
                          (number, BEHIND))  # fmt: skip
        for n, text in rows:
            line = json.loads(text)
            body = {**line["body"], "n": n, "at": line["at"]}
            shots.append(Shot(LINES + str(line["kind"]), body))
            number = n
    return shots, number


def _fired(bus: Any, shot: Shot) -> None:
    if not bus.fire_event(shot.data, shot.tag):
        raise OSError("Salt's event publisher does not answer")
