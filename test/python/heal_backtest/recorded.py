"""A stack with known truth: it breaks, tells facts, is healed by the real core, and is recorded."""

from __future__ import annotations

import heapq
import itertools
import json
import random
import sqlite3
from pathlib import Path
from typing import Any

from saltext.eos.utils import heal_claim, heal_clock, heal_core, heal_store, inbox_file
from saltext.eos.utils.heal_settings import Settings
from saltext.eos.utils.heal_state import Thing, View

REQUIRE = {"attributed": False, "repeated": None, "classes": [], "layer_below": None, "hook": None}
BEGIN = 1_700_000_000.0
JOBS = 40
INSTANCE = ["subject.datacenter", "subject.node", "subject.instance", "links.alloc"]


def policy(on: list[str], key: list[str], act: dict[str, Any], match=None, **require: Any) -> dict:
    """Declare a policy as the generated table has it."""
    return {
        "on": on, "match": match or {}, "require": {**REQUIRE, **require}, "key": key, "act": act,
        "limits": {"attempts": None, "cool_down": None}, "says": "it is wrong", "otherwise": "look",
    }  # fmt: skip


TABLE = {
    "lost": policy(["consul/service/deregistered"], INSTANCE,
                   {"do": "resync"}, layer_below="settled",
                   hook="allocation_runs"),
    "unit": policy(["host/unit/failed"], ["subject.minion", "subject.unit"],
                   {"do": "apply", "component": "caddy"}),
    "evaluate": policy(["nomad/alloc/failed"],
                       ["subject.namespace", "subject.job", "subject.group"],
                       {"do": "evaluate"}, layer_below="settled"),
    "hold": policy(["nomad/deployment/reverted"],
                   ["subject.namespace", "subject.job", "change.version"], {"do": "hold"}),
    "node_down": policy(["nomad/node/down"], ["subject.node"], {"do": "report"}),
    "suspect": policy(["nomad/alloc/failed"], ["subject.node"], {"do": "suspect", "for": 7200.0},
                      repeated={"times": 3, "within": 1800.0, "distinct": "subject.job"}),
}  # fmt: skip


class Clocks:
    """The clocks of a machine that the stack moves."""

    def __init__(self) -> None:
        self.monotonic, self.wall = 100.0, BEGIN

    def to(self, wall: float) -> None:
        """Let time pass up to a moment."""
        self.monotonic += wall - self.wall
        self.wall = wall

    def __call__(self) -> heal_clock.Reading:
        return heal_clock.Reading("a", self.monotonic, self.wall)


class Book:
    """An inbox that is written with moments of one's own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.db: sqlite3.Connection = inbox_file.opened(path, is_thorough=False)
        self.db.execute("PRAGMA synchronous=OFF")
        self.count = 0

    def write(self, at: float, envelope: dict[str, Any]) -> int:
        """Commit a fact; gives its row."""
        self.count += 1
        self.db.execute(
            "INSERT INTO events VALUES (NULL,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            (envelope["id"], "n1-0", self.count, envelope["event"], envelope["verb"], "t", "info",
             "stream", "nomad:global", self.count, "s", None, at, None, 1, json.dumps(envelope)),
        )  # fmt: skip
        return self.count


def envelope(number: int, name: str, **parts: dict[str, Any]) -> dict[str, Any]:
    """Tell a fact, such as ``nomad/alloc/failed``."""
    event, _, verb = name.rpartition("/")
    kind = "consul" if event.startswith("consul") else "nomad"
    held = {part: parts.get(part, {}) for part in ("subject", "verdict", "change", "links")}
    return {"id": f"e{number}", "event": event, "verb": verb, "settled": True, "replay": False,
            "source": {"kind": kind, "name": kind}, **held}  # fmt: skip


class Stack:
    """
    The truth, and the healer that works on it.

    :param folder: where inbox.db and healer.db come to be.
    :param faults: names of the sorts of faults, each as often as it stands there.
    """

    def __init__(
        self, folder: Path, settings: Settings, seed: int, faults: tuple[str, ...],
        table: dict[str, Any] | None = None,
    ) -> None:  # fmt: skip
        self.dice, self.clocks = random.Random(seed), Clocks()
        self.folder, self.settings, self.faults = folder, settings, faults
        self.stopped = 0.0
        """Share of the decisions that are stopped between their claim and their act."""
        self.book = Book(folder / "inbox.db")
        self.store = heal_store.Store(folder / "healer.db", self.clocks)
        self.store._db.execute("PRAGMA synchronous=OFF")
        self.core = heal_core.Core(table or TABLE, settings, self.store.state)
        self.wrong: dict[tuple[str, ...], float] = {}
        self.versions: dict[str, int] = {}
        self.broken_jobs: dict[str, int] = {}
        self._agenda: list[Any] = []
        self._orders, self._numbers = itertools.count(), itertools.count(1)
        self._rows: list[tuple[int, dict[str, Any]]] = []
        for job in range(JOBS):
            self.tell("nomad/job/registered", subject=_job(job), change={"index": 1, "to": 0})
            self.tell("nomad/alloc/started", subject={**_job(job), "group": "g",
                      "alloc": f"a{job}", "node": f"n{job % 3}"},
                      change={"to": "running", "desired": "run"})  # fmt: skip

    def tell(self, name: str, **parts: Any) -> None:
        """Let a fact come to the inbox now."""
        fact = envelope(next(self._numbers), name, **parts)
        self._rows.append((self.book.write(self.clocks.wall, fact), fact))

    def at(self, moment: float, what: Any, *arguments: Any) -> None:
        """Do something later."""
        heapq.heappush(self._agenda, (moment, next(self._orders), what, arguments))

    def run(self, seconds: float, every: float) -> None:
        """Let the stack live for so long, with a fault about every so often."""
        until = self.clocks.wall + seconds
        moment = self.clocks.wall
        while moment < until:
            moment += self.dice.expovariate(1 / every)
            self.at(moment, self._break)
        while True:
            due = min((one.due for one in self.store.state.incidents.values()), default=2.0**53)
            due = max(due - self.store._time.now, 0.5) + self.store._time.reading.wall
            pending = [d for d in self.store.state.decisions.values() if d.state == "decided"]
            if pending:
                due = min(due, self.clocks.wall + 10.0)
            nearest = min(due, self._agenda[0][0] if self._agenda else until)
            if nearest >= until:
                break
            self.clocks.to(max(nearest, self.clocks.wall))
            while self._agenda and self._agenda[0][0] <= self.clocks.wall:
                _, _, what, arguments = heapq.heappop(self._agenda)
                what(*arguments)
            # The engine notices within half a second.
            self.clocks.to(self.clocks.wall + self.dice.uniform(0.05, 0.5))
            self._step()
        self.clocks.to(until)

    def _step(self) -> None:
        with self.store.step(self.settings) as now:
            for row, fact in self._rows:
                self.core.arrive(row, fact, now.now)
            views = {one.id: self._view(one, now.now) for one in self.core.wanted(now.now)}
            fired = self.core.due(now.now, now.reading.wall, views)
        self._rows = []
        for decision in fired:
            self.at(self.clocks.wall + self.dice.uniform(0.3, 2.0), self._orchestrate, decision)

    def _orchestrate(self, decision: Any) -> None:
        path = self.folder / "healer.db"
        try:
            heal_claim.claim(path, decision.id, decision.action, {"jid": "1"}, self.clocks)
        except heal_claim.Refused:
            return
        if self.stopped and self.dice.random() < self.stopped:
            body = {"verb": "result", "decision": decision.id, "ok": False, "says": "stopped",
                    "effects": [], "begun": False, "back": True}  # fmt: skip
            heal_claim.tell(self.folder / "healer.db", body, "run", self.clocks)
            return
        leaves = {at.partition(".")[2]: value for at, value in decision.subject.items()}
        thing = _thing_of(decision.action, leaves)
        helped = self.dice.random() < 0.7
        after = self.dice.uniform(1.0, 5.0)
        if helped:
            self.at(self.clocks.wall + after, self._mend, thing)
        verified = self.clocks.wall + (after + self.dice.uniform(1, 3) if helped else 60.0)
        self.at(verified, self._verify, decision.id, thing)

    def _verify(self, decision: str, thing: tuple[str, ...]) -> None:
        ok = thing not in self.wrong
        body = {"verb": "result", "decision": decision, "ok": ok, "says": "verified",
                "effects": []}  # fmt: skip
        heal_claim.tell(self.folder / "healer.db", body, "run", self.clocks)

    def _break(self) -> None:
        job, kind = self.dice.randrange(JOBS), self.dice.choice(self.faults)
        heals = self.dice.random() < 0.5
        later = self.clocks.wall + self.dice.uniform(5.0, 60.0)
        if kind == "hold":
            self.tell("nomad/deployment/reverted", subject=_job(job), change={"version": 3})
            return
        if kind == "node_down":
            self.tell("nomad/node/down", subject={"node": f"n{job % 3}"})
            self.at(later, lambda: self.tell("nomad/node/up", subject={"node": f"n{job % 3}"}))
            return
        if kind == "version":
            self.versions[str(job)] = self.versions.get(str(job), 1) + 1
            self.tell("nomad/job/updated", subject=_job(job),
                      change={"index": self.versions[str(job)], "to": 1})  # fmt: skip
            return
        thing = {"lost": ("resync", f"i{job}"), "unit": ("apply", f"n{job % 3}", "caddy.service"),
                 "evaluate": ("evaluate", f"j{job}")}[kind]  # fmt: skip
        if thing in self.wrong:
            return
        self.wrong[thing] = self.clocks.wall
        self._tell_broken(thing)
        if heals:
            self.at(later, self._mend, thing)

    def _tell_broken(self, thing: tuple[str, ...]) -> None:
        if thing[0] == "resync":
            self._service("deregistered", thing[1], None)
        elif thing[0] == "apply":
            self.tell("host/unit/failed", subject={"minion": thing[1], "unit": thing[2]})
        else:
            self._alloc("failed", thing[1], "failed")

    def _mend(self, thing: tuple[str, ...]) -> None:
        if self.wrong.pop(thing, None) is None:
            return
        if thing[0] == "resync":
            self._service("registered", thing[1], "passing")
        elif thing[0] == "apply":
            self.tell("host/unit/recovered", subject={"minion": thing[1], "unit": thing[2]})
        else:
            self._alloc("started", thing[1], "running")

    def _service(self, verb: str, instance: str, health: str | None) -> None:
        job = instance[1:]
        self.tell(f"consul/service/{verb}",
                  subject={"datacenter": "dc1", "node": f"n{int(job) % 3}", "instance": instance},
                  change={"to": health}, links={"alloc": f"a{job}"})  # fmt: skip

    def _alloc(self, verb: str, name: str, status: str) -> None:
        job = int(name[1:])
        self.tell(f"nomad/alloc/{verb}",
                  subject={**_job(job), "group": "g", "alloc": f"x{next(self._numbers)}",
                           "node": f"n{job % 3}"},
                  change={"to": status, "desired": "run"})  # fmt: skip

    def _view(self, incident: Any, now: float) -> View:
        leaves = {at.partition(".")[2]: value for at, value in incident.subject.items()}
        unhealthy = len({one[1] for one in self.wrong if one[0] == "evaluate"})
        if incident.policy not in ("lost", "unit", "evaluate"):
            return View(now, "", JOBS, unhealthy, "", Thing(input="spec"))
        action = {"lost": "resync", "unit": "apply", "evaluate": "evaluate"}[incident.policy]
        thing = _thing_of(action, leaves)
        since = self.wrong.get(thing)
        is_young = since is not None and self.clocks.wall - since < 35.0
        job = f"j{thing[1][1:]}"
        version = self.versions.get(thing[1][1:], 1)
        found = Thing(
            wrong=since is not None, layer="progress" if is_young else "settled",
            input=f"v{version}" if action == "evaluate" else "-".join(thing), hook=True,
            names=(f"job:{job}@default", f"job:{job}") if action == "resync" else (),
        )  # fmt: skip
        return View(now, "", JOBS, unhealthy, "", found)

    def close(self) -> None:
        """Close both files."""
        self.book.db.close()
        self.store.close()


def _job(number: int) -> dict[str, str]:
    return {"namespace": "default", "job": f"j{number}"}


def _thing_of(action: str, leaves: dict[str, Any]) -> tuple[str, ...]:
    if action == "resync":
        return ("resync", leaves["instance"])
    if action == "apply":
        return ("apply", leaves["minion"], leaves["unit"])
    return ("evaluate", leaves["job"])
