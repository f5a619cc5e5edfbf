"""What recorded facts have told so far, whatever policy they are for, held small."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from saltext.eos.utils import heal_match
from saltext.eos.utils.bridge_silence import MINIONS
from saltext.eos.utils.heal_over import VERBS

MOST = 50_000
SILENT, HEARD = ("silent", "down"), ("heard", "recovered", "connected")
REGISTRATION = "consul/service"


class Last(NamedTuple):
    """The last fact about the fault of an incident."""

    wrong: bool
    at: float
    says: str
    cause: str = ""


class Known:
    """
    What facts have told; of each sort the oldest is forgotten first.

    :param table: the policies, whose keys say what a fact is about.
    """

    def __init__(self, table: heal_match.Table) -> None:
        self._families: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
        for name in sorted(table):
            for family in sorted({one.rpartition("/")[0] for one in table[name]["on"]}):
                self._families.setdefault(family, []).append((name, table[name]))
        self._last: dict[str, Last] = {}
        self._allocations: dict[str, dict[str, Any]] = {}
        self._groups: dict[tuple[str, ...], bool] = {}
        self._unhealthy: int | None = None
        self._moves: dict[tuple[str, ...], str] = {}
        self._jobs: dict[tuple[str, ...], tuple[str | None, float]] = {}
        self._deploying: dict[tuple[str, ...], bool] = {}
        self._silent: dict[str, float] = {}
        self._red: dict[str, None] = {}
        self.touched: set[Any] = set()
        """What has changed since this was last emptied, named as in what reads it."""

    def take(self, envelope: Mapping[str, Any], now: float) -> None:
        """Learn from a fact, whatever policy it is for; one told again is old."""
        if envelope.get("replay"):
            return
        event, verb = envelope["event"], envelope["verb"]
        self._note_last(envelope, now)
        wrong = says_wrong(envelope)
        if event == "bridge":
            self._bridge(envelope, verb, now)
        elif event == "nomad/alloc":
            self._alloc(envelope, wrong)
        elif event == "nomad/eval" and wrong is not None and envelope.get("settled") is not False:
            self._group(_place(envelope, "group"), wrong)
        elif event == "nomad/deployment":
            self._deploying[_place(envelope)] = verb in ("started", "needs_promotion")
            self.touched.add(("job", *_place(envelope)))
        elif event == "nomad/job":
            self._job(envelope, verb, now)
        elif event == "vault/seal":
            name = f"vault on {heal_match.leaf(envelope, 'subject.minion')}"
            self._red.pop(name, None)
            if verb == "sealed":
                self._red[name] = None

    def _note_last(self, envelope: Mapping[str, Any], now: float) -> None:
        says = f"{envelope['event']} {envelope['verb']}"
        cause = str(heal_match.leaf(envelope, "verdict.cause"))
        for name, policy in self._families.get(envelope["event"], ()):
            wrong = says_wrong(envelope, policy["on"])
            if wrong is None:
                continue
            subject = {at: heal_match.leaf(envelope, at) for at in policy["key"]}
            if any(value is None for value in subject.values()):
                continue
            key = heal_match.Match(name, heal_match.cluster(envelope), subject).key()
            _keep(self._last, key, Last(wrong, now, says, cause))
            self.touched.add(("last", key))

    def _bridge(self, envelope: Mapping[str, Any], verb: str, now: float) -> None:
        source = str(heal_match.leaf(envelope, "subject.source"))
        if source.startswith(MINIONS):
            # One host that tells nothing makes no view of the servers less whole.
            return
        if verb in SILENT:
            self._silent.setdefault(source, now)
        elif verb in HEARD and self._silent.pop(source, None) is not None:
            self.touched.add(("sources",))

    def _alloc(self, envelope: Mapping[str, Any], wrong: bool | None) -> None:
        alloc = heal_match.leaf(envelope, "subject.alloc")
        before = self._allocations.pop(alloc, {})
        status = heal_match.leaf(envelope, "change.to")
        if status is None and envelope["verb"] == "stopped":
            # After a purge Nomad has forgotten it, and its end is inferred.
            status = "complete"
        held = {
            "client_status": before.get("client_status") if status is None else status,
            "desired_status": heal_match.leaf(envelope, "change.desired") or "run",
            "is_replaced": before.get("is_replaced", False),
            "job": heal_match.leaf(envelope, "subject.job"),
            "namespace": heal_match.leaf(envelope, "subject.namespace"),
        }
        _keep(self._allocations, alloc, held)
        self.touched.add(("alloc", alloc))
        previous = heal_match.leaf(envelope, "links.previous_alloc")
        if previous in self._allocations:
            self._allocations[previous]["is_replaced"] = True
            self.touched.add(("alloc", previous))
        held_job = self._jobs.get(_place(envelope), (None, -math.inf))
        _keep(self._jobs, _place(envelope), held_job)
        if wrong is not None:
            self._group(_place(envelope, "group"), wrong)
        _keep(self._moves, _place(envelope, "group"), envelope["verb"])

    def _job(self, envelope: Mapping[str, Any], verb: str, now: float) -> None:
        place = _place(envelope)
        if verb in ("stopped", "purged"):
            self._jobs.pop(place, None)
            for one in [one for one in self._groups if one[:3] == place]:
                del self._groups[one]
            self._unhealthy = None
        elif verb != "drifted":
            _keep(self._jobs, place, (str(heal_match.leaf(envelope, "change.index")), now))
        self.touched.add(("job", *place))

    def _group(self, place: tuple[str, ...], wrong: bool) -> None:
        if self._groups.get(place) != wrong:
            self._unhealthy = None
        _keep(self._groups, place, wrong)

    def unhealthy(self) -> int:
        """Count the jobs of which a group is not well by its last fact."""
        if self._unhealthy is None:
            self._unhealthy = len({one[:3] for one, wrong in self._groups.items() if wrong})
        return self._unhealthy

    def over(self, key: str, now: float, says: str) -> None:
        """Learn from the audit that the fault of an incident was over."""
        if key in self._last:
            self._last[key] = Last(False, now, says)
            self.touched.add(("last", key))

    def is_over(self, key: str) -> bool | None:
        """Tell whether the fault of an incident is over by the facts so far."""
        last = self._last.get(key)
        return None if last is None else not last.wrong


def says_wrong(envelope: Mapping[str, Any], on: Iterable[str] = ()) -> bool | None:
    """
    Say whether a fact tells that a fault is there, or over; None where it tells neither.

    :param on: what the policy is for: one for a lost registration wants it back, another wants a
        critical one gone.
    """
    event, verb = envelope["event"], envelope["verb"]
    if event == REGISTRATION:
        health = heal_match.leaf(envelope, "change.to")
        return health is None if f"{REGISTRATION}/deregistered" in on else health == "critical"
    if event not in VERBS:
        return True
    there, over = VERBS[event]
    if on and not any(one == f"{event}/{verb_}" for verb_ in there for one in on):
        # What is noted once, such as the end of a drain, is neither wrong nor mended.
        return None
    return True if verb in there else False if verb in over else None


def _place(envelope: Mapping[str, Any], *more: str) -> tuple[str, ...]:
    leaves = ("namespace", "job", *more)
    named = [str(heal_match.leaf(envelope, f"subject.{leaf}")) for leaf in leaves]
    return (heal_match.cluster(envelope), *named)


def _keep(held: dict[Any, Any], key: Any, value: Any) -> None:
    held.pop(key, None)
    held[key] = value
    if len(held) > MOST:
        del held[next(iter(held))]
