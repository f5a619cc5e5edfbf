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
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import salt.client
from salt.exceptions import SaltConfigurationError, SaltRunnerError

from saltext.eos.utils import (
    bridge_fire,
    bridge_self,
    bridge_serve,
    bridge_silence,
    bridge_skew,
    engine_child,
    hint,
    hint_bus,
    hint_pulse,
    store,
)
from saltext.eos.utils.bridge_silence import Watch
from saltext.eos.utils.engine_life import sooner_or_later, until_told
from saltext.eos.utils.hint_desk import Desk
from saltext.eos.utils.hint_pulse import Pulse
from saltext.eos.utils.inbox import NAME, Inbox, attempted
from saltext.eos.utils.inbox_file import fold
from saltext.eos.utils.inbox_read import Reader

if TYPE_CHECKING:
    __opts__: dict[str, Any]

log = logging.getLogger(__name__)

__virtualname__ = "eos_bridge"

SOCKET = "/run/eos/bridge.sock"
LARGEST = 65_536
# What Salt adds to an event on its way: the tag, a stamp and the frame around it.
SALTS_OWN = 1_024
PRUNE_EVERY = 600.0
LOOK_EVERY = 5.0
FOLD_EVERY = 1.0
DAY = 86_400


def __virtual__():
    return __virtualname__


def start(
    socket=SOCKET, inbox=None, peers=("eos",), keep_days=30, keep_events=2_000_000,
    silent_after="5m",
):  # fmt: skip
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
    silent_after
        Span of time, such as ``5m``: when the sidecar or the servers behind a source were not heard
        for so long, that is an event of its own, ``bridge silent``. A beacon of a minion says every
        minute that it is there; it is given three minutes at least.
    """
    after = _limit(silent_after)
    path = Path(inbox) if inbox else store.home(__opts__) / NAME
    with contextlib.ExitStack() as stack:
        stack.enter_context(until_told())
        # Closed last: whoever closes the inbox last folds its log back and removes it.
        last = stack.enter_context(contextlib.ExitStack())
        firing = engine_child.child("EosBus", bridge_fire.run, (dict(__opts__), path))
        stack.callback(firing.end)
        listening = engine_child.child("EosHints", hint_bus.run, (dict(__opts__), _keys()))
        stack.callback(listening.end)
        kept = sooner_or_later(__virtualname__, lambda: Inbox(path))
        lock = threading.Lock()
        last.callback(_close, kept, lock)
        # A full pipe means that the other side has enough to do.
        os.set_blocking(firing.pipe.fileno(), False)

        def committed() -> None:
            with contextlib.suppress(OSError):
                firing.pipe.send_bytes(b"1")

        committed()
        listener = sooner_or_later(__virtualname__, lambda: bridge_serve.bound(Path(socket)))
        largest = min(LARGEST, int(__opts__["max_event_size"]) - SALTS_OWN)
        terms = bridge_serve.Terms(tuple(peers), largest, committed, bridge_skew.mine())
        server = bridge_serve.Server(listener, kept, lock, terms)
        stack.callback(server.stop)
        parts = [
            firing.process,
            listening.process,
            _thread("serve", server.run),
            _thread("fold", _fold, path, lock),
        ]
        desk = Desk(kept, lock, largest, _acknowledger(), committed)
        log.info("eos_bridge serves %s into %s", socket, path)
        silent, began = kept.silent(), time.time()
        watch = Watch(after, bridge_silence.own(silent), began)
        desk.pulse = Pulse(after, kept.pulses(), silent, hint_pulse.read())
        pruned = looked = time.monotonic()
        differing: set[str] = set()
        while all(part.is_alive() for part in parts):
            _listen(listening.pipe, desk)
            desk.turn()
            _tell_damage(kept, desk)
            if time.monotonic() - looked > LOOK_EVERY:
                looked = time.monotonic()
                _tell_silence(path, watch, desk)
                _tell_skew(path, differing, desk)
            if time.monotonic() - pruned > PRUNE_EVERY:
                pruned = time.monotonic()
                _prune(kept, lock, keep_days, keep_events)
        log.error("a part of eos_bridge ended; Salt starts the engine again")


def _thread(name: str, work: Callable[..., None], *arguments: Any) -> threading.Thread:
    made = threading.Thread(target=work, args=arguments, name=name, daemon=True)
    made.start()
    return made


def _close(kept: Inbox, lock: threading.Lock) -> None:
    with lock:
        kept.close()


def _keys() -> Path:
    """Give the folder of the accepted minions' keys."""
    return Path(__opts__.get("cluster_pki_dir") or __opts__["pki_dir"]) / "minions"


def _listen(heard: Connection, desk: Desk) -> None:
    """Look at hints for a second."""
    until = time.monotonic() + 1.0
    while (left := until - time.monotonic()) > 0:
        try:
            if not heard.poll(left):
                return
            found = heard.recv()
        except (EOFError, OSError):
            # The listening process is gone; whoever watches over the parts sees it now.
            return
        desk.take(found)


def _acknowledger() -> Any:
    """Give what tells a minion that its records are in the inbox."""
    local: list[salt.client.LocalClient] = []

    def acknowledge(minion: str, beacon: str, boot: str, number: int) -> None:
        # Made when first needed: it reads the master's key, which may not be there yet.
        if not local:
            local.append(salt.client.LocalClient(mopts=dict(__opts__)))
        local[0].cmd_async([minion], f"{beacon}.acknowledge", [boot, number], tgt_type="list")

    return acknowledge


def _tell_damage(kept: Inbox, desk: Desk) -> None:
    while kept.damaged:
        aside = kept.damaged[0].name
        detail = (
            f"the inbox was damaged and is now {aside}; what only it held is not in the new one"
        )
        try:
            desk.tell(bridge_self.alarm("inbox", aside, detail))
        except sqlite3.Error as err:
            log.warning("the alarm about %s is told later: %s", aside, err)
            return
        kept.damaged.pop(0)


def _limit(silent_after: Any) -> float:
    try:
        return bridge_silence.limit(silent_after)
    except ValueError as err:
        # Nothing is lost meanwhile: the sidecar keeps its facts until somebody takes them.
        raise SaltConfigurationError(f"EOS710 eos_bridge: {err}; correct the engine") from err


def _tell_silence(path: Path, watch: Watch, desk: Desk) -> None:
    try:
        with contextlib.closing(Reader(path)) as reader:
            streams = reader.streams()
        for said, since in watch.look(streams, time.time()):
            desk.tell(said, (said.source, since))
        if desk.pulse is not None:
            for said, since in desk.pulse.look(hint.accepted(_keys()), hint_pulse.read()):
                desk.tell(said, (said.source, since))
            desk.forget(desk.pulse.gone(hint.accepted(_keys())))
    except (sqlite3.Error, SaltRunnerError) as err:
        log.warning("nobody looked whether anybody is silent: %s", err)


def _tell_skew(path: Path, told: set[str], desk: Desk) -> None:
    try:
        with contextlib.closing(Reader(path)) as reader:
            streams = reader.streams()
        for mark, said in bridge_skew.alarms(streams, told, time.time()):
            log.critical("eos_bridge: EOS711 %s", said.detail)
            desk.tell(said)
            told.add(mark)
    except (sqlite3.Error, SaltRunnerError) as err:
        log.warning("nobody looked whether a sidecar has another contract: %s", err)


def _fold(path: Path, lock: threading.Lock) -> None:
    while True:
        time.sleep(FOLD_EVERY)
        try:
            fold(path, lock)
        except (sqlite3.Error, OSError) as err:
            log.warning("the log of the inbox was not folded back: %s", err)


def _prune(kept: Inbox, lock: threading.Lock, days: float, most: int) -> None:
    try:
        while True:
            with lock:
                gone = attempted(kept, lambda: kept.prune(time.time() - days * DAY, most))
            if not gone:
                return
    except sqlite3.Error as err:
        log.warning("the inbox was not pruned: %s", err)
