"""
Listens to the bus for what beacons say, and finds out who said it.

A process of its own that does nothing else: whoever connects to Salt's bus and does not read
starves every other listener (measured on 3006 to 3008), so it must never wait for anybody. Whose
an event is has to be known before it is kept: a queue for all could be filled by one minion.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import salt.utils.event

from saltext.eos.utils import hint

log = logging.getLogger(__name__)

PREFIX = b"salt/beacon/"
MARKS = tuple(f"/{beacon}/".encode() for beacon in hint.EVENTS)
OURS = b"eos/"
# Salt leaves the command in what a minion fires singly.
BY_MINION = b"_minion_event"
_PASSED: dict[str, Any] = {}
PAUSE = 0.2


class Heard(NamedTuple):
    """
    What came since the last one.

    :param signed: of each beacon of each minion the last batch; it holds what the ones before it
        held, or the minion sends that again.
    :param doubts: what was not believed, by the minion it spoke of; None for one that the master
        does not know: how often, and why the last time.
    """

    signed: list[hint.Signed]
    doubts: dict[str | None, tuple[int, str]]


class Slots:
    """A place for each minion, so that none can take the place of another."""

    def __init__(self, keys: Path) -> None:
        self._keys = keys
        self._lock = threading.Lock()
        self._signed: dict[tuple[str, str, bool], hint.Signed] = {}
        self._beats: dict[tuple[str, str], int] = {}
        self._doubts: dict[str | None, tuple[int, str]] = {}

    def put(self, tag: str, data: Any) -> None:
        """Look whose an event is and keep it, or count the doubt; nothing in it can raise."""
        try:
            one = hint.signed(tag, data, self._keys)
        except hint.Doubt as doubt:
            with self._lock:
                count, _ = self._doubts.get(doubt.minion, (0, ""))
                self._doubts[doubt.minion] = (count + 1, str(doubt))
            return
        if one is None:
            return
        beat = hint.beat_of(one)
        with self._lock:
            if beat is not None:
                # No recorded one takes the place of one that was signed later.
                if beat < self._beats.get((one.minion, one.beacon), beat):
                    return
                self._beats[one.minion, one.beacon] = beat
            # A sign of life holds no records: it takes the place of none.
            self._signed[one.minion, one.beacon, beat is not None] = one

    def take(self) -> Heard | None:
        """Give what came, and be empty; None when nothing came."""
        with self._lock:
            found = Heard(list(self._signed.values()), self._doubts)
            self._signed, self._doubts, self._beats = {}, {}, {}
        return found if found.signed or found.doubts else None


def run(opts: dict[str, Any], keys: Path, out: Connection, parent: int) -> None:
    """
    Hand on what the beacons say until the engine is gone.

    :param keys: folder with the public keys of accepted minions.
    :param out: gets each :class:`Heard`.
    :param parent: process id of the engine.
    """
    slots = Slots(keys)
    threading.Thread(target=_hand_on, args=(slots, out), daemon=True).start()
    while os.getppid() == parent:
        try:
            with salt.utils.event.get_master_event(opts, opts["sock_dir"], listen=True) as bus:
                bus.unpack = _lightly
                _drain(bus, slots, parent)
        except (SystemExit, KeyboardInterrupt):
            raise
        except Exception as err:  # noqa: BLE001 - Salt's transports raise whatever their library does
            log.warning("the bus cannot be listened to: %s", err)
            time.sleep(1)


def _lightly(raw: bytes) -> tuple[str, Any]:
    """
    Unpack only what a beacon of ours says, or a minion says under a tag of ours.

    Nearly everything on the bus is something else, and unpacking it would cost as much as firing.
    """
    tag = raw.partition(b"\n\n")[0]
    is_hint = tag.startswith(PREFIX) and any(mark in tag for mark in MARKS)
    if is_hint or (tag.startswith(OURS) and BY_MINION in raw):
        return salt.utils.event.SaltEvent.unpack(raw)
    return "", _PASSED


def _drain(bus: Any, slots: Slots, parent: int) -> None:
    while os.getppid() == parent:
        event = bus.get_event(wait=1, tag="", full=True, auto_reconnect=True)
        if event is not None and event["data"] is not _PASSED:
            slots.put(event["tag"], event["data"])


def _hand_on(slots: Slots, out: Connection) -> None:
    """Without it nothing is handed on, so the process ends with it, and the engine sees that."""
    try:
        while True:
            heard = slots.take()
            if heard is None:
                time.sleep(PAUSE)
            else:
                out.send(heard)
    except OSError:
        log.info("the engine is gone")
    finally:
        os._exit(1)
