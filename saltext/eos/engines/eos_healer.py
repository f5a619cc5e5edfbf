"""
The healer on the master: it judges the facts of the inbox and decides what is to be done.

.. code-block:: yaml

    engines:
      - eos_healer: {}

It acts on nothing itself: a decision is a row of ``healer.db``, then the event
``eos/heal/decided/<action>``, for which the reactor starts an orchestration that has to claim that
row before it does anything. What people may set stands in pillar ``eos:heal``; until that could be
read, and whenever ``healer.db`` cannot be trusted, nothing is decided.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saltext.eos.policies import table
from saltext.eos.utils import (
    heal_fire,
    heal_lease,
    heal_loop,
    heal_notify,
    heal_seat,
    heal_snapshot,
    heal_view,
    inbox_file,
    master,
    store,
)
from saltext.eos.utils.consul import CA_FILE
from saltext.eos.utils.engine_life import sooner_or_later, until_told
from saltext.eos.utils.heal_state import Incident, View
from saltext.eos.utils.inbox import NAME

if TYPE_CHECKING:
    __opts__: dict[str, Any]

log = logging.getLogger(__name__)

__virtualname__ = "eos_healer"

LOCK = "healer.lock"
CONSUL = "https://127.0.0.1:8501"
PAUSE = 0.25


def __virtual__():
    return __virtualname__


def start(inbox=None, view_within=25, lease=None):
    """
    Judge until the master stops.

    inbox
        Path of the inbox; ``inbox.db`` in Eos's store when left out.
    view_within
        Seconds after which reading the truth from the minions is given up, and tried again.
    lease
        How to ask Consul which of several masters heals: ``address`` of its agent, ``token`` (a
        file that the master's user reads; it may write sessions and the key ``eos/healer/lock``)
        and ``ca``. Without it, and with several healers in the topology, only the one that
        ``eos:heal:primary`` names acts, on units of its own node.
    """
    home = store.home(__opts__)
    path = Path(inbox) if inbox else home / NAME
    woken = threading.Event()
    with contextlib.ExitStack() as stack:
        stack.enter_context(until_told())
        # Forked, so before there is a thread or the healer's file.
        telling = heal_notify.start(dict(__opts__))
        stack.callback(telling.end)
        hold = sooner_or_later(__virtualname__, lambda: _held(home))
        stack.callback(os.close, hold)
        outlet = heal_fire.Outlet(dict(__opts__), home / "healer.db")
        stack.callback(outlet.end)
        world = _World(dict(__opts__))
        node = str(__opts__["id"]).removesuffix("_master")
        seat = _Seat(node, lease, woken.set)
        stack.callback(seat.end)
        loop = heal_loop.Loop(
            home, path, table.TABLE, world, outlet, woken.set, float(view_within), seat, node
        )
        stack.callback(loop.close)
        log.info("eos_healer judges %s", path)
        while telling.process.is_alive() and not loop.is_ended:
            if not loop.turn():
                woken.wait(PAUSE)
                woken.clear()
        # Salt starts it anew: a process can only be forked before there is a thread, and threads
        # that hang end with their process alone.
        why = "its readings hang" if loop.is_ended else "the process that tells people is gone"
        log.critical("eos_healer ends, to begin anew: %s", why)


class _World:
    """The stack as this master compiles it, and as its minions show it."""

    def __init__(self, opts: dict[str, Any]) -> None:
        self._opts = opts

    def form(self) -> dict[str, Any]:
        return master.form(self._opts)

    def snapshot(
        self, form: dict[str, Any], incidents: list[Incident], clock: Callable[[], float]
    ) -> Any:
        needs = heal_view.needs([(one, table.TABLE[one.policy]) for one in incidents])
        return heal_snapshot.read(self._opts, form, clock, needs)

    def view(self, incident: Incident, policy: Any, snapshot: Any, form: dict[str, Any]) -> View:
        return heal_view.view(incident, policy, snapshot, form)


class _Seat:
    """What this master may do where there are several."""

    def __init__(self, node: str, told: dict[str, Any] | None, awake: Callable[[], None]) -> None:
        self._node, self._told, self._awake = node, told, awake
        self._lease: heal_lease.Lease | None = None

    def __call__(self, form: dict[str, Any]) -> heal_lease.Standing | None:
        healers = heal_seat.healers(form)
        if len(healers) <= 1:
            self.end()
            return None
        if self._told is None:
            why = f"{', '.join(healers)} heal, and this engine was told of no lease"
            return heal_lease.Standing(heal_lease.ALONE, 0, 0.0, "", why)
        if self._lease is None:
            terms = heal_lease.Terms(
                str(self._told.get("address") or CONSUL), self._told.get("token"),
                self._told.get("ca") or CA_FILE, self._node,
            )  # fmt: skip
            self._lease = heal_lease.Lease(terms, self._awake)
        return self._lease.standing()

    def end(self) -> None:
        """Free the lock."""
        if self._lease is not None:
            self._lease.end()
        self._lease = None


def _held(home: Path) -> int:
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    return inbox_file.held(home / LOCK)
