"""
The bridge's end on the master: what the sidecar and the minions tell goes into the inbox.

.. code-block:: yaml

    engines:
      - eos_bridge:
          peers: [eos]

An event is validated, committed to ``inbox.db`` and then acknowledged; only after that is it fired
on the bus as ``eos/…``, for observers, by a process of its own. Authority comes from the socket
(the kernel names the user at its other end) or from a minion's signature, never from a tag.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import sqlite3
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import salt.client
from salt.exceptions import SaltException

from saltext.eos.utils import bridge_fire, bridge_serve, hint_bus, store
from saltext.eos.utils.hint_desk import Desk
from saltext.eos.utils.inbox import NAME, Inbox

if TYPE_CHECKING:
    __opts__: dict[str, Any]

log = logging.getLogger(__name__)

__virtualname__ = "eos_bridge"

SOCKET = "/run/eos/bridge.sock"
LARGEST = 65_536
# What Salt adds to an event on its way: the tag, a stamp and the frame around it.
SALTS_OWN = 1_024
PRUNE_EVERY = 600.0
DAY = 86_400


def __virtual__():
    return __virtualname__


def start(socket=SOCKET, inbox=None, peers=("eos",), keep_days=30, keep_events=2_000_000):
    """
    Serve until the master stops.

    socket
        Path of the unix socket; its folder must belong to the master's user.
    inbox
        Path of the inbox; ``inbox.db`` in Eos's store when left out.
    peers
        Users that may connect, by name or number.
    keep_days
        Days after which an event is forgotten.
    keep_events
        Most events that are kept.
    """
    path = Path(inbox) if inbox else store.home(__opts__) / NAME
    kept = Inbox(path)
    with contextlib.ExitStack() as stack:
        stack.callback(kept.close)
        firing, wake = _child(stack, "EosBus", bridge_fire.run, dict(__opts__), path)
        listening, heard = _child(stack, "EosHints", hint_bus.run, dict(__opts__))
        lock = threading.Lock()

        def committed() -> None:
            with contextlib.suppress(OSError):
                wake.send_bytes(b"1")

        listener = bridge_serve.bound(Path(socket))
        terms = bridge_serve.Terms(
            tuple(peers), min(LARGEST, int(__opts__["max_event_size"]) - SALTS_OWN), committed
        )
        server = bridge_serve.Server(listener, kept, lock, terms)
        stack.callback(server.stop)
        threading.Thread(target=server.run, name="serve", daemon=True).start()
        desk = Desk(kept, lock, Path(__opts__["pki_dir"]) / "minions", _acknowledger(), committed)
        log.info("eos_bridge serves %s into %s", socket, path)
        pruned = time.monotonic()
        while firing.is_alive() and listening.is_alive():
            _listen(heard, desk)
            desk.turn()
            if time.monotonic() - pruned > PRUNE_EVERY:
                pruned = time.monotonic()
                _prune(kept, lock, keep_days, keep_events)
    log.error("a part of eos_bridge ended; Salt starts the engine again")


def _child(
    stack: contextlib.ExitStack, name: str, target: Any, *arguments: Any
) -> tuple[multiprocessing.Process, Connection]:
    """Start a process that ends with the engine, and give our end of its pipe."""
    theirs, ours = multiprocessing.Pipe(duplex=True)
    child = multiprocessing.Process(
        target=target, name=name, args=(*arguments, theirs, os.getpid()), daemon=True
    )
    child.start()
    theirs.close()
    # A full pipe means that the other side has enough to do.
    os.set_blocking(ours.fileno(), name != "EosBus")
    stack.callback(child.join, 2)
    stack.callback(child.terminate)
    return child, ours


def _listen(heard: Connection, desk: Desk) -> None:
    """Look at hints for a second."""
    until = time.monotonic() + 1.0
    while (left := until - time.monotonic()) > 0:
        if not heard.poll(left):
            return
        tag, data = heard.recv()
        desk.take(tag, data)


def _acknowledger() -> Any:
    """Give what tells a minion that its records are in the inbox."""
    local = salt.client.LocalClient(mopts=dict(__opts__))

    def acknowledge(minion: str, boot: str, number: int) -> None:
        try:
            local.cmd_async([minion], "eos_oom.acknowledge", [boot, number], tgt_type="list")
        except (SaltException, OSError) as err:
            log.warning("%s was not told of record %s: %s", minion, number, err)

    return acknowledge


def _prune(kept: Inbox, lock: threading.Lock, days: float, most: int) -> None:
    try:
        while True:
            with lock:
                gone = kept.prune(time.time() - days * DAY, most)
            if not gone:
                return
    except sqlite3.Error as err:
        log.warning("the inbox was not pruned: %s", err)
