"""
Listens to the bus for what beacons say.

A process of its own that does nothing else: whoever connects to Salt's bus and does not read
starves every other listener (measured on 3006 to 3008), so it must never wait for anybody.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import threading
import time
from multiprocessing.connection import Connection
from typing import Any

import salt.utils.event

log = logging.getLogger(__name__)

PREFIX = b"salt/beacon/"
MARK = b"/eos_oom/"
OURS = b"eos/"
# Salt leaves the command in what a minion fires singly.
BY_MINION = b"_minion_event"
_PASSED: dict[str, Any] = {}
# More than this waiting is thrown away: beacons tell again what nobody acknowledges.
MOST = 1000


def run(opts: dict[str, Any], out: Connection, parent: int) -> None:
    """
    Hand on every event of the beacon until the engine is gone.

    :param out: gets ``(tag, data)``.
    :param parent: process id of the engine.
    """
    waiting: queue.Queue[tuple[str, Any]] = queue.Queue(MOST)
    threading.Thread(target=_hand_on, args=(waiting, out), daemon=True).start()
    while os.getppid() == parent:
        try:
            with salt.utils.event.get_master_event(opts, opts["sock_dir"], listen=True) as bus:
                bus.unpack = _lightly
                _drain(bus, waiting, parent)
        except (SystemExit, KeyboardInterrupt):
            raise
        except Exception as err:  # noqa: BLE001 - Salt's transports raise whatever their library does
            log.warning("the bus cannot be listened to: %s", err)
            time.sleep(1)


def _lightly(raw: bytes) -> tuple[str, Any]:
    """
    Unpack only what a minion says of kills, or says under a tag of ours.

    Nearly everything on the bus is something else, and unpacking it would cost as much as firing.
    """
    tag = raw.partition(b"\n\n")[0]
    is_hint = tag.startswith(PREFIX) and MARK in tag
    if is_hint or (tag.startswith(OURS) and BY_MINION in raw):
        return salt.utils.event.SaltEvent.unpack(raw)
    return "", _PASSED


def _drain(bus: Any, waiting: queue.Queue[tuple[str, Any]], parent: int) -> None:
    while os.getppid() == parent:
        event = bus.get_event(wait=1, tag="", full=True, auto_reconnect=True)
        if event is None or event["data"] is _PASSED:
            continue
        with contextlib.suppress(queue.Full):
            waiting.put_nowait((event["tag"], event["data"]))


def _hand_on(waiting: queue.Queue[tuple[str, Any]], out: Connection) -> None:
    while True:
        try:
            out.send(waiting.get())
        except OSError:
            return
