"""A healer's file as the engine writes it, for what the runner's verbs show of it."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from saltext.eos.policies.table import TABLE
from saltext.eos.utils import (
    heal_claim,
    heal_clock,
    heal_core,
    heal_settings,
    heal_state,
    heal_status,
)
from saltext.eos.utils.heal_store import Store

WRONG = heal_state.Thing(
    wrong=True, layer="settled", input="spec-a", kind="leaf", hook=True, names=("job:shop",)
)
ENFORCE = heal_settings.read({"mode": "enforce"})
REGISTRATION = {
    "datacenter": "dc1", "partition": "default", "namespace": "default", "node": "n1",
    "instance": "_nomad-task-1", "service": "web",
}  # fmt: skip


def fact(number: int, event: str, subject: dict[str, Any], **parts: Any) -> dict[str, Any]:
    """Tell a fact; its id is its number."""
    name, _, verb = event.rpartition("/")
    return {
        "id": f"e{number}", "event": name, "verb": verb, "settled": True, "replay": False,
        "source": {"kind": "nomad", "name": "nomad:global"}, "verdict": {}, "change": {},
        "links": {}, "subject": subject, **parts,
    }  # fmt: skip


def lost(number: int, instance: str = "_nomad-task-1") -> dict[str, Any]:
    """Tell that a registration is gone whose instance still answers."""
    return fact(
        number, "consul/service/deregistered", {**REGISTRATION, "instance": instance},
        verdict={"cause": "critical_timeout", "reachable": True}, links={"alloc": "a1"},
    )  # fmt: skip


def reverted(number: int, job: str = "web") -> dict[str, Any]:
    """Tell that a deployment went back."""
    return fact(
        number, "nomad/deployment/reverted", {"namespace": "default", "job": job},
        change={"version": 3}, verdict={"cause": "progress_deadline", "detail": "not healthy"},
    )  # fmt: skip


class Clocks:
    """The clocks of this machine, which tests put back, so that what they do lies in the past."""

    def __init__(self, back: float = 0.0) -> None:
        self.back = back

    def __call__(self) -> heal_clock.Reading:
        boot, monotonic, wall = heal_clock.read()
        return heal_clock.Reading(boot, monotonic - self.back, wall - self.back)


class Healed:
    """
    An engine without its edges, on a real file.

    :param back: how many seconds ago it begins; each step of :meth:`after` comes nearer to now.
    """

    def __init__(
        self, home: Path, settings: heal_settings.Settings = ENFORCE, back: float = 7200.0
    ) -> None:
        self.home, self.path, self.settings = home, home / "healer.db", settings
        self.clocks = Clocks(back)
        self.store = Store(self.path, self.clocks)
        self.core = heal_core.Core(TABLE, settings, self.store.state, self._name)
        self.row, self.thing, self.names = 0, WRONG, 0
        self.blocked = ""
        with self.store.step(settings) as moment:
            for realm in ("act", "would"):
                self.store.state.buckets[realm] = heal_state.budget.Bucket(5.0, moment.now)
                self.store.state.mark("budget", realm)

    def _name(self) -> str:
        self.names += 1
        return f"{self.names:024x}"

    def tell(self, *facts: dict[str, Any]) -> list[heal_state.Decision]:
        """Let facts arrive, and do what is due."""
        return self._step(facts)

    def act_on(self, envelope: dict[str, Any], *, ok: bool) -> None:
        """Tell a lost registration until an act on it is decided, claimed, and has its result."""
        self.tell(envelope)
        decisions: list[heal_state.Decision] = []
        while not decisions:
            decisions = self.after(60)
        heal_claim.claim(self.path, decisions[0].id, "resync", {"jid": "1"}, self.clocks)
        result = {"verb": "result", "decision": decisions[0].id, "ok": ok, "says": "as it is"}
        heal_claim.tell(self.path, result, "run", self.clocks)
        self.after(1)

    def after(self, seconds: float) -> list[heal_state.Decision]:
        """Let time pass, then do what is due on a fresh view."""
        self.clocks.back -= seconds
        assert self.clocks.back >= 0, "a test went beyond now"
        return self._step(())

    def _step(self, facts: Any) -> list[heal_state.Decision]:
        with self.store.step(self.settings) as moment:
            for one in facts:
                self.row += 1
                self.core.arrive(self.row, one, moment.now)
            look = heal_state.View(moment.now, self.blocked, 100, 1, "", self.thing)
            views = {one.id: look for one in self.core.wanted(moment.now)}
            return self.core.due(moment.now, moment.reading.wall, views)

    def turns(self, **changed: Any) -> None:
        """Say what a running engine says of itself."""
        said = heal_status.Status(
            time.time(), os.getpid(), 0, self.row, 0, heal_status.RUNNING, "",
            heal_status.plain(self.settings), 5.0, {},
        )._replace(**changed)  # fmt: skip
        heal_status.write(self.home / heal_status.NAME, said)
