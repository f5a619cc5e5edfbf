"""Takes what minions tell: believes what is signed, within a rate, and acknowledges it."""

from __future__ import annotations

import json
import logging
import math
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from saltext.eos.utils import bridge_self, hint, hint_pulse
from saltext.eos.utils.bridge_self import Said
from saltext.eos.utils.hint_bus import Heard
from saltext.eos.utils.hint_pulse import Pulse
from saltext.eos.utils.hint_rate import Allowance
from saltext.eos.utils.inbox import Inbox, Refused, Taken, attempted

log = logging.getLogger(__name__)

# Doubts are written together: each alone would wait for the disk once.
WRITE_DOUBTS = 5.0
# What a minion was asked to send again comes within this time, or it is lost.
COMES_AGAIN = 300.0
# Numbers that lie further apart are those of other books, which a minion begins at the moment's
# milliseconds: nothing between them was ever told.
NEW_BOOKS = 1_000_000


class _Held(NamedTuple):
    """Where a minion was stopped by its rate, and when."""

    number: int
    at: float


class Desk:
    """
    The one that takes hints.

    :param largest: most bytes of one event.
    :param acknowledge: tells a beacon of a minion up to which number its records are in the inbox:
        minion, beacon, boot, number.
    :param committed: called after each commit.
    """

    def __init__(
        self,
        inbox: Inbox,
        lock: threading.Lock,
        largest: int,
        acknowledge: Callable[[str, str, str, int], None],
        committed: Callable[[], None],
    ) -> None:
        self._inbox = inbox
        self._lock = lock
        self._largest = largest
        self._acknowledge = acknowledge
        self._committed = committed
        self._epoch = f"bridge-{secrets.token_hex(4)}"
        self._seq = 0
        self._allowances: dict[str, Allowance] = {}
        self._doubts: dict[str | None, tuple[int, str]] = {}
        self._held_back: dict[str, _Held] = {}
        self._owed: dict[tuple[str, str], tuple[str, int]] = {}
        self._counted = -math.inf
        self.pulse: Pulse | None = None
        """Listens for signs of life; the engine puts it there."""

    def take(self, heard: Heard) -> None:
        """Look at what came; nothing in it can raise."""
        for minion, (count, why) in heard.doubts.items():
            self._doubt(minion, count, why)
        for one in heard.signed:
            try:
                batch = hint.batch(one)
                self._feel(batch)
                self._keep(batch)
            except hint.Doubt as doubt:
                self._doubt(doubt.minion, 1, str(doubt))
            except sqlite3.Error as err:
                log.critical("the inbox cannot be written: %s; the minion will tell again", err)
            except Exception as err:  # noqa: BLE001 - what a minion says must not end the engine
                self._doubt(one.minion, 1, f"the signed batch cannot be used: {err!r}"[:500])

    def _feel(self, batch: hint.Batch) -> None:
        """Note a sign of life; whoever has told once that it is there is waited for."""
        if self.pulse is None or not self.pulse.heard(batch, hint_pulse.read()):
            return
        self._written(lambda: self._inbox.pulse(batch.source(), time.time()))
        self.pulse.awaited[batch.source()] = time.time()

    def forget(self, sources: list[str]) -> None:
        """
        Wait for nobody whom the master does not accept any more.

        :raises sqlite3.Error: it is not written.
        """
        for source in sources:
            self._written(partial(self._inbox.pulse, source, None))
            if self.pulse is not None:
                self.pulse.awaited.pop(source, None)

    def turn(self) -> None:
        """Acknowledge what is owed, and write down at times what was not believed."""
        owed, self._owed = self._owed, {}
        for (minion, beacon), (boot, number) in owed.items():
            try:
                self._acknowledge(minion, beacon, boot, number)
            except Exception as err:  # noqa: BLE001 - Salt raises whatever its libraries do
                log.warning("%s was not told of record %s: %s", minion, number, err)
        if self._doubts and time.monotonic() - self._counted > WRITE_DOUBTS:
            self._counted = time.monotonic()
            self._write_doubts()

    def tell(self, said: Said, silent: tuple[str, float | None] | None = None) -> None:
        """
        Tell what the engine itself has to say, as an event of the bridge.

        :param silent: who is silent since when, to be kept with the event; None when heard again.
        :raises sqlite3.Error: it is not in the inbox.
        """
        made = bridge_self.envelope(said, self._epoch, self._seq + 1)
        taken = Taken(made, _text(made))
        self._written(lambda: self._inbox.tell(taken, silent))
        self._seq += 1
        self._committed()

    def _keep(self, batch: hint.Batch) -> None:
        """
        Take what is not there yet, in the order of its numbers, and acknowledge as far as it goes.

        Whether a record is there is told by its id: numbers go back when a minion is restored from
        a snapshot, and what it tells then is no less true.
        """
        minion, book, records = batch.minion, batch.book(), batch.records
        with self._lock:
            done = (self._inbox.last_record(book) or ("", 0))[1]
            there = self._inbox.there([hint.id_of(minion, record) for record in records])
        taken: list[Taken] = []
        refused: list[Refused] = []
        gaps, upto = 0, 0
        for record in records:
            name, number = hint.id_of(minion, record), record["n"]
            missing = number - max(done, upto) - 1 if max(done, upto) else 0
            if missing > 0 and self._comes_again(book, max(done, upto)):
                break
            if name not in there:
                made = self._made(batch, record, self._seq + len(taken) + len(refused) + 1)
                if not self._may(minion, len(made.text)):
                    self._held_back[book] = _Held(max(done, upto), time.monotonic())
                    break
                if isinstance(made, Refused):
                    refused.append(made)
                else:
                    taken.append(made)
            gaps += missing if 0 < missing < NEW_BOOKS else 0
            upto = number
        if upto or (records and 0 < done < records[0]["n"]):
            self._owed[minion, batch.beacon] = (batch.boot, upto or done)
        if not taken and not refused:
            return
        self._written(
            lambda: self._inbox.commit_records(
                book, batch.boot, taken, refused, max(done, upto), gaps
            )
        )
        self._seq += len(taken) + len(refused)
        self._committed()

    def _comes_again(self, book: str, done: int) -> bool:
        """Tell whether what lies between was held back here, so that it comes again first."""
        held = self._held_back.get(book)
        if held is None or held.number != done:
            return False
        return time.monotonic() - held.at < COMES_AGAIN

    def _made(self, batch: hint.Batch, record: dict[str, Any], seq: int) -> Taken | Refused:
        minion, beacon = batch.minion, batch.beacon
        made, misfit = None, hint.problem(minion, record, None, beacon)
        if misfit is None:
            try:
                made = hint.envelope(minion, record, self._epoch, seq)
                misfit = hint.problem(minion, record, made, beacon)
                size = len(_text(made).encode())
            except (KeyError, TypeError, ValueError) as err:
                made, misfit = None, f"record: expected text and whole numbers; {err!r}"[:500]
        name = ascii(hint.id_of(minion, record))[:200].strip("'")
        text = json.dumps(record)[: self._largest]
        if misfit or made is None:
            return Refused(seq, name, "EOS708", misfit or "", text)
        if size > self._largest:
            reason = f"the event has {size} bytes; expected at most {self._largest}"
            return Refused(seq, name, "EOS707", reason, text)
        return Taken(made, _text(made))

    def _may(self, minion: str, size: int) -> bool:
        now = time.monotonic()
        return self._allowances.setdefault(minion, Allowance(now)).take(size, now)

    def _doubt(self, minion: str | None, count: int, why: str) -> None:
        before, _ = self._doubts.get(minion, (0, ""))
        self._doubts[minion] = (before + count, why)

    def _write_doubts(self) -> None:
        doubts, self._doubts = self._doubts, {}
        strangers, _ = doubts.pop(None, (0, ""))
        if strangers:
            log.warning("%d events named minions that are not accepted", strangers)
        rows = [(minion, count, why) for minion, (count, why) in doubts.items() if minion]
        if not rows:
            return
        worst, count, why = max(rows, key=lambda row: row[1])
        log.warning(
            "%d events in the name of %d minions were not believed, of %s %d: %s; "
            "`salt-run eos.bridge` lists them",
            sum(row[1] for row in rows), len(rows), worst, count, why,
        )  # fmt: skip
        try:
            self._written(lambda: self._inbox.refuse_minions(rows))
        except sqlite3.Error as err:
            log.warning("%d doubts were not counted: %s", len(rows), err)

    def _written(self, write: Callable[[], None]) -> None:
        with self._lock:
            attempted(self._inbox, write)


def _text(made: dict[str, Any]) -> str:
    return json.dumps(made, separators=(",", ":"), ensure_ascii=False)
