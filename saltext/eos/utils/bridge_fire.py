"""
The bus, for observers: what the inbox holds is fired as ``eos/…``, at the pace that Salt allows.

It runs in a process of its own, so that neither Salt nor a slow subscriber ever holds the inbox.
One ``SaltEvent`` is kept and rebuilt after any exception: on older Salt it stays broken for ever
once the publisher was gone (salt#69914).
"""

from __future__ import annotations

import json
import logging
import os
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import salt.utils.event
from salt.exceptions import SaltRunnerError

from saltext.eos.utils import bridge_self
from saltext.eos.utils.inbox_read import BUS, Reader

log = logging.getLogger(__name__)

BEHIND = 5000
SLICE = 200
LONGEST_PAUSE = 5.0
# Observers come after the inbox: of two that want a processor, the one that commits gets it.
NICENESS = 5


def run(opts: dict[str, Any], path: Path, woken: Connection, parent: int) -> None:
    """
    Fire what comes in until the engine is gone.

    :param path: file of the inbox.
    :param woken: gets a byte when the inbox is open, and after each commit.
    :param parent: process id of the engine.
    """
    os.nice(NICENESS)
    while not woken.poll(1):
        if os.getppid() != parent:
            return
    # With this option Salt drops what it cannot send, and says that it was sent.
    opts = {**opts, "master_async_mworker": False}
    reader = Reader(path)
    row = _position(path, reader)
    pause = 0.1
    while os.getppid() == parent:
        try:
            if reader.is_replaced():
                reader.close()
                reader, row = Reader(path), 0
            with salt.utils.event.get_master_event(opts, opts["sock_dir"], listen=False) as bus:
                while os.getppid() == parent and not reader.is_replaced():
                    row = _pass(reader, bus, path, row, woken)
                    pause = 0.1
        except (SystemExit, KeyboardInterrupt):
            raise
        except Exception as err:  # noqa: BLE001 - Salt's transports raise whatever their library does
            log.warning("the bus cannot be reached: %s; next try in %s s", err, pause)
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)


def fired(bus: Any, envelope: dict[str, Any], tag: str) -> None:
    """
    Fire one event.

    :raises OSError: there is no publisher: Salt says so with False, after a second.
    """
    if not bus.fire_event(envelope, tag):
        raise OSError("Salt's event publisher does not answer")


def _pass(reader: Reader, bus: Any, path: Path, row: int, woken: Connection) -> int:
    last = reader.last_row()
    if last - row > BEHIND:
        row = _coalesce(reader, bus, row, last)
        _remember(path, row)
    rows = reader.after(row, SLICE)
    for number, tag, text in rows:
        fired(bus, json.loads(text), tag)
        row = number
    if rows:
        _remember(path, row)
    elif woken.poll(1):
        while woken.poll():
            woken.recv_bytes()
    return row


def _coalesce(reader: Reader, bus: Any, row: int, last: int) -> int:
    """Skip all but the newest, and say which were skipped."""
    upto = last - SLICE
    counts = reader.skipped(row, upto)
    total = sum(count for _, count in counts)
    detail = ", ".join(f"{name}: {count}" for name, count in counts[:20])
    said = bridge_self.Said("coalesced", "bridge", "bus", detail, str(upto), row, upto, total)
    made = bridge_self.envelope(said, "bus", 0)
    envelope = {
        **made,
        "source": {**made["source"], "index": upto},
        "time": {**made["time"], "occurred": None},
        "coalesced": total,
        "evidence": [f"inbox:{row}-{upto}"],
    }
    fired(bus, envelope, envelope["tag"])
    return upto


def _position(path: Path, reader: Reader) -> int:
    """Go on where the last one ended; an inbox that was made anew starts at its beginning."""
    try:
        row = int(json.loads((path.parent / BUS).read_text("utf-8"))["row"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0
    try:
        return min(row, reader.last_row())
    except SaltRunnerError:
        return 0


def _remember(path: Path, row: int) -> None:
    """Keep the place; after a crash a few events are fired again, with the same ids."""
    staged = path.parent / f".{BUS}"
    try:
        staged.write_text(json.dumps({"row": row}), "utf-8")
        staged.replace(path.parent / BUS)
    except OSError as err:
        log.warning("the place on the bus cannot be kept: %s", err)
