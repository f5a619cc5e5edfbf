"""Takes what minions tell: believes what is signed, within a rate, and acknowledges it."""

from __future__ import annotations

import json
import logging
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from saltext.eos.utils import bridge_self, hint
from saltext.eos.utils.bridge_self import Said
from saltext.eos.utils.inbox import Inbox, Refused, Taken

log = logging.getLogger(__name__)

BURST = 200
RATE = 20.0
ACKNOWLEDGE_EVERY = 1.0
STRANGERS = 60.0


class Desk:
    """
    The one that takes hints.

    :param keys: folder with the public keys of accepted minions.
    :param acknowledge: tells a minion up to which number its records are in the inbox.
    :param committed: called after each commit.
    """

    def __init__(
        self,
        inbox: Inbox,
        lock: threading.Lock,
        keys: Path,
        acknowledge: Callable[[str, str, int], None],
        committed: Callable[[], None],
    ) -> None:
        self._inbox = inbox
        self._lock = lock
        self._keys = keys
        self._acknowledge = acknowledge
        self._committed = committed
        self._epoch = f"bridge-{secrets.token_hex(4)}"
        self._seq = 0
        self._rates: dict[str, tuple[float, float]] = {}
        self._doubts: dict[str, tuple[int, str]] = {}
        self._held_back: dict[str, int] = {}
        self._strangers = 0
        self._owed: dict[str, tuple[str, int]] = {}
        self._counted = time.monotonic()

    def take(self, tag: str, data: Any) -> None:
        """Look at one event of the bus; nothing in it can raise."""
        try:
            batch = hint.batch(tag, data, self._keys)
            if batch is not None:
                self._keep(batch)
        except hint.Doubt as doubt:
            self._doubt(doubt)
        except sqlite3.Error as err:
            log.critical("the inbox cannot be written: %s; the minion will tell again", err)
        except Exception:
            # What a minion says must not end the engine, whatever it is.
            log.exception("a hint was not looked at")

    def turn(self) -> None:
        """Acknowledge what is owed and write down what was not believed; called every second."""
        owed, self._owed = self._owed, {}
        for minion, (boot, number) in owed.items():
            try:
                self._acknowledge(minion, boot, number)
            except Exception as err:  # noqa: BLE001 - Salt raises whatever its libraries do
                log.warning("%s was not told of record %s: %s", minion, number, err)
        doubts, self._doubts = self._doubts, {}
        for minion, (count, why) in doubts.items():
            log.warning("%d events in the name of %s were not believed: %s", count, minion, why)
            try:
                with self._lock:
                    self._inbox.refuse_minion(minion, why, count)
            except sqlite3.Error as err:
                log.warning("doubts about %s were not counted: %s", minion, err)
        if self._strangers and time.monotonic() - self._counted > STRANGERS:
            log.warning("%d events named minions that are not accepted", self._strangers)
            self._strangers, self._counted = 0, time.monotonic()

    def tell(self, said: Said, silent: tuple[str, float | None] | None = None) -> None:
        """
        Tell what the engine itself has to say, as an event of the bridge.

        :param silent: who is silent since when, to be kept with the event; None when heard again.
        :raises sqlite3.Error: it is not in the inbox.
        """
        made = bridge_self.envelope(said, self._epoch, self._seq + 1)
        text = json.dumps(made, separators=(",", ":"), ensure_ascii=False)
        with self._lock:
            self._inbox.tell(self._epoch, Taken(made, text), silent)
        self._seq += 1
        self._committed()

    def _keep(self, batch: hint.Batch) -> None:
        minion = batch.minion
        with self._lock:
            last = self._inbox.last_record(minion)
        done = last[1] if last else 0
        fresh = [record for record in batch.records if record["n"] > done]
        if fresh and fresh[0]["n"] > done + 1 and self._held_back.get(minion) == done:
            # What lies between was held back here, so it is not lost: it comes again first.
            fresh = []
        chosen = fresh[: self._allowed(minion, len(fresh))]
        if len(chosen) < len(fresh):
            self._held_back[minion] = chosen[-1]["n"] if chosen else done
        if chosen:
            self._write(batch, chosen, done)
            done = chosen[-1]["n"]
            self._committed()
        if done:
            self._owed[minion] = (batch.boot, done)

    def _write(self, batch: hint.Batch, chosen: list[dict[str, Any]], done: int) -> None:
        taken: list[Taken] = []
        refused: list[Refused] = []
        seq = self._seq
        for record in chosen:
            seq += 1
            misfit = hint.problem(batch.minion, record, None)
            made = None if misfit else hint.envelope(batch.minion, record, self._epoch, seq)
            misfit = misfit or hint.problem(batch.minion, record, made)
            if misfit or made is None:
                name = f"k:{batch.minion}:{record['boot']}:{record['mark']}"[:200]
                text = json.dumps(record)[:65_536]
                refused.append(Refused(seq, name, "EOS708", misfit or "", text))
            else:
                text = json.dumps(made, separators=(",", ":"), ensure_ascii=False)
                taken.append(Taken(made, text))
        gaps = chosen[-1]["n"] - done - len(chosen) if done else 0
        with self._lock:
            self._inbox.commit_records(
                batch.minion, batch.boot, taken, refused, chosen[-1]["n"], gaps
            )
        self._seq = seq

    def _allowed(self, minion: str, wanted: int) -> int:
        """Say how many records of a minion may come in now: 200 at once, then 20 a second."""
        now = time.monotonic()
        held, then = self._rates.get(minion, (float(BURST), now))
        held = min(float(BURST), held + (now - then) * RATE)
        count = min(wanted, int(held))
        self._rates[minion] = (held - count, now)
        return count

    def _doubt(self, doubt: hint.Doubt) -> None:
        if doubt.minion is None:
            self._strangers += 1
            return
        count, _ = self._doubts.get(doubt.minion, (0, ""))
        self._doubts[doubt.minion] = (count + 1, str(doubt))
