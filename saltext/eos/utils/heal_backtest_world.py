"""
The stack as recorded facts tell it: what a view would have shown, and how that is known.

Views are not recorded. What facts say is taken as it is; where they are silent it is said what was
assumed from that, and where they cannot say anything the view stays unknown, so nothing is decided.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from saltext.eos import heal_checks
from saltext.eos.utils import heal_judge_truth as truth
from saltext.eos.utils import heal_match, heal_policy, heal_view_component
from saltext.eos.utils.heal_backtest_known import REGISTRATION, Known, Last
from saltext.eos.utils.heal_over import VERBS
from saltext.eos.utils.heal_state import Incident, Thing, View

# How a part of a view is known.
RECORDED, FACTS, ASSUMED, UNKNOWN = "recorded", "facts", "assumed", "unknown"
# Nomad syncs its registrations every 30 s; until then it may still do so by itself.
SYNC = 35.0
REPLACING = ("reschedule_delayed", "rescheduled", "placed", "migrated")
NOT_FOR = "the policy is not for class "
Recorded = Callable[[str, str, float], Mapping[str, Any]]


class Basis(NamedTuple):
    """How one part of a view is known, in words."""

    grade: str
    says: str


class Seen(NamedTuple):
    """A view with the basis of each of its parts, and what it was read from."""

    view: View
    basis: dict[str, Basis]
    needs: tuple[Any, ...]


class World(Known):
    """
    What facts have told so far, looked at as the healer looks at the stack.

    :param table: the policies, whose keys say what a fact is about.
    :param form: the compiled form of today, which says of which class things are.
    :param recorded: gives what the audit has of a thing about a moment; see ``heal_backtest_past``.
    """

    def __init__(
        self, table: heal_match.Table, form: Mapping[str, Any], recorded: Recorded
    ) -> None:  # fmt: skip
        super().__init__(table)
        self._form, self._recorded = form, recorded

    def view(self, incident: Incident, policy: Mapping[str, Any], now: float) -> Seen:
        """Give the view that reading the stack would have given, as far as facts tell."""
        basis: dict[str, Basis] = {}
        prefix = incident.key[:16]
        # What is registered is another input for each instance; else one thing has one input.
        name = prefix if "instance" in _leaves(incident.subject) else incident.thing
        recorded = self._recorded(prefix, name, now)
        last = self._last.get(incident.key)
        wrong = self._wrong(incident, policy, last, now, basis)
        thing = Thing(
            wrong=wrong, layer=self._layer(incident, policy, last, now, basis),
            input=self._input(incident, recorded, now, basis),
            kind=self._kind(incident, policy, basis), hook=self._hook(incident, policy, basis),
            names=self._names(incident, policy, recorded),
        )  # fmt: skip
        thing = _as_read(thing, policy, recorded, basis)
        blocked = ""
        is_asked = heal_policy.is_deed(policy) or any(
            (policy.get("require") or {}).get(name) for name in ("layer_below", "hook")
        )
        if self._silent and is_asked and not (recorded.get("passed") or recorded.get("ended")):
            blocked = next(iter(self._silent))
            basis["complete"] = Basis(UNKNOWN, f"nothing was heard from {blocked}")
        managed, unhealthy = self._health(incident, thing.names, recorded, basis)
        red = next(iter(self._red), "") if heal_policy.is_deed(policy) else ""
        view = View(now, blocked, managed, unhealthy, red, thing)
        leaves = _leaves(incident.subject)
        needs = (("last", incident.key), ("alloc", leaves.get("alloc")), ("sources",),
                 ("job", *_job_of(incident)))  # fmt: skip
        return Seen(view, basis, needs)

    def _wrong(
        self, incident: Incident, policy: Mapping[str, Any], last: Last | None, now: float,
        basis: dict[str, Basis],
    ) -> bool | None:  # fmt: skip
        leaves = _leaves(incident.subject)
        if leaves.get("alloc") is not None:
            found = self._of_alloc(policy, leaves, last, basis)
            if found is not None or "instance" not in leaves:
                return found
        families = {one.rpartition("/")[0] for one in policy["on"]}
        if last is not None and not last.wrong:
            basis["still_wrong"] = Basis(FACTS, f"{last.says} told that it is over")
            return False
        if not heal_policy.is_deed(policy):
            return None
        if last is None or not families <= {*VERBS, REGISTRATION}:
            basis["still_wrong"] = Basis(UNKNOWN, "no fact tells when such a fault is over")
            return None
        if "still_wrong" in basis:
            return None
        says = f"no fact told that it is over since {last.says}, {now - last.at:.0f} s before"
        basis["still_wrong"] = Basis(ASSUMED, says)
        return True

    def _of_alloc(
        self, policy: Mapping[str, Any], leaves: Mapping[str, Any], last: Last | None,
        basis: dict[str, Basis],
    ) -> bool | None:  # fmt: skip
        """Judge by the allocation itself, as the view does; None where it does not decide it."""
        held = self._allocations.get(leaves["alloc"])
        status = None if held is None else held["client_status"]
        says = Basis(FACTS, f"its allocation is {status} by its last fact")
        if "instance" not in leaves:
            if status in ("running", "complete", "failed"):
                basis["still_wrong"] = says
                return status == "failed"
            return None
        stale = policy["act"]["do"] == "deregister"
        if held is None or status not in ("running", *heal_checks.ENDED):
            says = Basis(UNKNOWN, "no fact of the span tells whether its allocation runs")
            if last is None or last.wrong:
                basis["still_wrong"] = says
            return None
        runs = status == "running" and held["desired_status"] == "run"
        if runs == stale:
            basis["still_wrong"] = says
            return False
        return None

    def _layer(
        self, incident: Incident, policy: Mapping[str, Any], last: Last | None, now: float,
        basis: dict[str, Basis],
    ) -> str | None:  # fmt: skip
        wanted = (policy.get("require") or {}).get("layer_below")
        if not wanted:
            return None
        name, leaves = "layer_below", _leaves(incident.subject)
        if "instance" in leaves:
            age = now - incident.latest
            basis[name] = Basis(FACTS, f"the last fact came {age:.0f} s before")
            return "settled" if age >= SYNC else "progress"
        if last is not None and last.says == "host/unit failed":
            if last.cause == "restarts":
                basis[name] = Basis(FACTS, "systemd starts the unit again and again")
                return "progress"
            basis[name] = Basis(FACTS, "the unit failed, so systemd had given up")
            return "failed"
        if "job" not in leaves:
            basis[name] = Basis(ASSUMED, "no fact told of anything under way")
            return "settled"
        return self._layer_of_job(incident, wanted, last, now, basis)

    def _layer_of_job(
        self, incident: Incident, wanted: str, last: Last | None, now: float,
        basis: dict[str, Basis],
    ) -> str | None:  # fmt: skip
        name, leaves, place = "layer_below", _leaves(incident.subject), _job_of(incident)
        move = self._moves.get((*place, str(leaves.get("group"))))
        held = self._allocations.get(str(leaves.get("alloc")), {})
        if self._deploying.get(place) or move in REPLACING:
            basis[name] = Basis(FACTS, "a deployment or a replacement is under way")
            return "progress"
        status = held.get("client_status")
        if leaves.get("alloc") is not None and status in ("pending", "running", "failed"):
            basis[name] = Basis(FACTS, f"its allocation is {status} by its last fact")
            if status == "failed":
                return "progress" if held["is_replaced"] else "failed"
            return "progress" if status == "pending" else "settled"
        since = incident.latest if last is None else last.at
        if now - since < SYNC and (last is None or last.wrong):
            says = f"Nomad is given {SYNC:.0f} s from the last fact on"
            basis[name] = Basis(ASSUMED, says)
            return "progress"
        if wanted == "settled" or (last is not None and not last.wrong):
            says = f"no fact told of anything under way for {now - since:.0f} s"
            basis[name] = Basis(ASSUMED, says)
            return "settled"
        if wanted == "exhausted" and move in ("failed", "lost", "timed_out"):
            says = f"no replacement, and no delay of one, was told within {SYNC:.0f} s"
            basis[name] = Basis(ASSUMED, says)
            return "exhausted"
        basis[name] = Basis(UNKNOWN, f"no fact tells that {truth.below(wanted)}")
        return None

    def _input(
        self, incident: Incident, recorded: Mapping[str, Any], now: float, basis: dict[str, Basis]
    ) -> str:
        before, after = recorded.get("inputs") or (None, None)
        index, since = self._jobs.get(_job_of(incident), (None, -math.inf))
        is_same = before and after and before[1] == after[1]
        chosen = before if is_same or (before and since <= now + before[0]) else after
        if chosen is not None:
            basis["attempts"] = Basis(RECORDED, "the input is the one of a line of the audit")
            return str(chosen[1])
        if index is not None:
            basis["attempts"] = Basis(FACTS, f"the specification is of modify index {index}")
            return f"index {index}"
        says = "the input is taken not to change: no fact tells of it"
        basis["attempts"] = Basis(ASSUMED, says)
        return "as it was" + (
            f" of {incident.key}" if "instance" in _leaves(incident.subject) else ""
        )

    def _kind(
        self, incident: Incident, policy: Mapping[str, Any], basis: dict[str, Basis]
    ) -> str | None:
        if not (policy.get("require") or {}).get("classes"):
            return None
        kind = heal_view_component.kind(_leaves(incident.subject), self._form)
        basis["required"] = (
            Basis(UNKNOWN, "the pillar of today does not say of which class it is")
            if kind is None
            else Basis(ASSUMED, f"class {kind}, as the pillar of today says")
        )
        return kind

    def _hook(
        self, incident: Incident, policy: Mapping[str, Any], basis: dict[str, Basis]
    ) -> bool | None:
        name = (policy.get("require") or {}).get("hook")
        if not name:
            return None
        hook = getattr(heal_checks, name, None)
        found = hook and hook(incident.subject, {"allocations": self._allocations})
        if found is None:
            basis["required"] = Basis(UNKNOWN, f"no fact of the span tells what {name} asks")
        else:
            basis["required"] = Basis(FACTS, f"{name} by the last fact of the allocation")
        return found

    def _names(
        self, incident: Incident, policy: Mapping[str, Any], recorded: Mapping[str, Any]
    ) -> tuple[str, ...]:
        """Give the job that a registration belongs to, by its allocation or by the audit."""
        leaves = _leaves(incident.subject)
        if not heal_policy.is_deed(policy) or "instance" not in leaves:
            return ()
        held = self._allocations.get(str(leaves.get("alloc"))) or {}
        told = f"{held['job']}@{held['namespace']}" if held.get("namespace") else held.get("job")
        job = told or recorded.get("job")
        # As the view names it: the narrowest first, by which it is counted as touched.
        return tuple(dict.fromkeys((f"job:{job}", f"job:{job.partition('@')[0]}"))) if job else ()

    def _health(
        self, incident: Incident, names: tuple[str, ...], recorded: Mapping[str, Any],
        basis: dict[str, Basis],
    ) -> tuple[int, int]:  # fmt: skip
        if "job" not in _leaves(incident.subject) and not names:
            return max(1, len(self._jobs)), 0
        unhealthy = self.unhealthy()
        managed = recorded.get("managed")
        if managed and recorded.get("passed") and recorded.get("unhealthy") is not None:
            basis["mass_failure"] = Basis(RECORDED, "as the audit recorded")
            return int(managed), int(recorded["unhealthy"])
        if managed:
            says = f"{unhealthy} unhealthy by facts, of {managed} as the audit recorded"
            basis["mass_failure"] = Basis(FACTS, says)
            return int(managed), min(unhealthy, int(managed))
        known = len(self._jobs)
        if not known:
            basis["mass_failure"] = Basis(UNKNOWN, "no fact tells of any job")
            return 0, 0
        says = f"{unhealthy} unhealthy of the {known} jobs that facts told of; there may be more"
        basis["mass_failure"] = Basis(ASSUMED, says)
        return known, min(unhealthy, known)


def _as_read(
    thing: Thing, policy: Mapping[str, Any], recorded: Mapping[str, Any], basis: dict[str, Basis]
) -> Thing:
    """Put what the audit shows to have been read at this moment in place of what facts tell."""
    says = Basis(RECORDED, "as it was read at that moment, by the audit")
    require, ended = policy.get("require") or {}, str(recorded.get("ended", ""))
    if recorded.get("passed"):
        for name in ("still_wrong", "layer_below", "required"):
            if name in basis:
                basis[name] = says
        return thing._replace(
            wrong=True if heal_policy.is_deed(policy) else None,
            layer=require.get("layer_below"), kind=next(iter(require.get("classes") or ()), None),
            hook=True if require.get("hook") else None,
        )  # fmt: skip
    if ended and not truth.is_too_early(ended):
        # Checks come in one order: it could end there only because the layer below was far enough.
        thing = thing._replace(layer=require.get("layer_below"))
    if truth.is_not_wrong(ended):
        basis["still_wrong"] = says
        return thing._replace(wrong=False)
    if ended.startswith(NOT_FOR):
        basis["required"] = says
        return thing._replace(kind=ended.removeprefix(NOT_FOR))
    if ended.endswith(" says no"):
        basis["required"] = says
        return thing._replace(hook=False)
    return thing


def _job_of(incident: Incident) -> tuple[str, ...]:
    leaves = _leaves(incident.subject)
    return (incident.cluster, str(leaves.get("namespace")), str(leaves.get("job")))


def _leaves(subject: Mapping[str, Any]) -> Mapping[str, Any]:
    return _named(tuple(subject.items()))


@functools.lru_cache(16_384)
def _named(subject: tuple[tuple[str, Any], ...]) -> Mapping[str, Any]:
    return {at.partition(".")[2]: value for at, value in subject}
