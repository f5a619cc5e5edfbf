"""A stack to heal in tests: policies, facts, views, and a clock that tests move."""

from __future__ import annotations

from typing import Any

from saltext.eos.utils import heal_clock, heal_core, heal_state
from saltext.eos.utils.heal_settings import Settings, read

REQUIRE = {"repeated": None, "classes": [], "layer_below": None, "attributed": False, "hook": None}
JOB = ["subject.job", "subject.namespace"]


def policy(on: list[str], act: dict[str, Any], key: list[str] = JOB, **require: Any) -> dict:
    """Declare a policy as the generated table has it."""
    return {
        "on": on, "match": {}, "require": {**REQUIRE, **require}, "key": key, "act": act,
        "limits": {"attempts": None, "cool_down": None}, "says": "{subject.job} failed",
        "otherwise": "Look at it.",
    }  # fmt: skip


TABLE = {
    "evaluate": policy(["nomad/alloc/failed"], {"do": "evaluate"}, layer_below="settled"),
    "hold": policy(["nomad/deployment/reverted"], {"do": "hold"}),
    "unit": policy(["host/unit/failed"], {"do": "apply", "component": "vault"}, ["subject.minion"]),
    "freeze": policy(["kernel/oom/killed"], {"do": "freeze", "for": 900.0}, ["subject.unit"]),
    "watch": policy(["nomad/alloc/lost"], {"do": "watch"}),
}
ENFORCE = read({"mode": "enforce"})


def fact(number: int, event: str, job: str = "web", **leaves: Any) -> dict[str, Any]:
    """Tell a fact; its id is its number."""
    name, _, verb = event.rpartition("/")
    return {
        "id": f"e{number}", "event": name, "verb": verb, "settled": True, "replay": False,
        "source": {"kind": "nomad", "name": "nomad:global"}, "verdict": {}, "change": {},
        "subject": {"job": job, "namespace": "default", **leaves}, "links": {},
    }  # fmt: skip


WRONG = heal_state.Thing(wrong=True, layer="settled", input="spec-a")


def view(now: float, thing: heal_state.Thing = WRONG, **changed: Any) -> heal_state.View:
    """Give a complete view of a hundred jobs, one of them unhealthy."""
    return heal_state.View(now, "", 100, 1, "", thing)._replace(**changed)


class Healer:
    """A core with a clock of its own, whose world is one thing per incident."""

    def __init__(self, settings: Settings = ENFORCE, table: Any = None) -> None:
        self.state = heal_state.State()
        self.state.buckets["act"] = self.state.buckets["would"] = heal_state.budget.Bucket(5, 0)
        self.core = heal_core.Core(TABLE if table is None else table, settings, self.state)
        self.now, self.row, self.thing = 0.0, 0, WRONG
        self.changed: dict[str, Any] = {}
        self.fired: list[heal_state.Decision] = []

    def tell(self, event: str, job: str = "web", **leaves: Any) -> None:
        """Let a fact arrive."""
        self.row += 1
        self.core.arrive(self.row, fact(self.row, event, job, **leaves), self.now)

    def after(self, seconds: float) -> list[heal_state.Decision]:
        """Let time pass, then do what is due."""
        self.now += seconds
        look = view(self.now, self.thing, **self.changed)
        views = {one.id: look for one in self.core.wanted(self.now)}
        self.fired = self.core.due(self.now, self.now, views)
        return self.fired

    def decided(self) -> list[dict[str, Any]]:
        """Give the audit of what was decided."""
        return [body for kind, body in self.state.lines if kind == "decided"]

    def kinds(self) -> list[str]:
        """Name the lines of the audit."""
        return [kind for kind, _ in self.state.lines]

    def why(self) -> str:
        """Say what the one open incident waits for."""
        (incident,) = self.state.incidents.values()
        return incident.why


class Clocks:
    """The clocks of a machine that tests move."""

    def __init__(self) -> None:
        self.boot, self.monotonic, self.wall = "a", 100.0, 1_700_000_000.0

    def pass_(self, seconds: float) -> None:
        """Let time pass."""
        self.monotonic, self.wall = self.monotonic + seconds, self.wall + seconds

    def __call__(self) -> heal_clock.Reading:
        return heal_clock.Reading(self.boot, self.monotonic, self.wall)
