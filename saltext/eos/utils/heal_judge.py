"""
Whether the healer may act on an incident: named checks in one order, each with a true sentence.

Pure: the same incident, policy, view, state, settings and moment always give the same ruling.
What is not known is never taken for leave to act.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from saltext.eos.utils import heal_judge_leave as leave
from saltext.eos.utils import heal_judge_truth as truth
from saltext.eos.utils.heal_judge_case import DECIDE, PASSED, Case, Outcome
from saltext.eos.utils.heal_policy import is_deed, pace_of
from saltext.eos.utils.heal_settings import Settings
from saltext.eos.utils.heal_state import ACT, WOULD, Incident, State, View, named


class Check(NamedTuple):
    """One step of the pipeline, what came of it, and why."""

    name: str
    result: str
    says: str


class Ruling(NamedTuple):
    """
    What follows.

    :param kind: ``decide``, ``wait``, ``refuse`` or ``close``.
    :param until: when to look again.
    :param realm: ``act``, or ``would`` where the mode lets nothing be done; empty for a note.
    :param input: hash of what is acted upon.
    """

    kind: str
    until: float
    realm: str
    mode: str
    input: str
    checks: tuple[Check, ...]

    def last(self) -> Check:
        """Give the check that decided."""
        return self.checks[-1]


def judge(
    incident: Incident,
    policy: Mapping[str, Any],
    view: View,
    state: State,
    settings: Settings,
    now: float,
    wall: float,
) -> Ruling:
    """
    Go through the pipeline until a check does not let through.

    :param now: the healer's seconds.
    :param wall: seconds since 1970, for windows alone.
    """
    deed = is_deed(policy)
    names = incident.names
    mode = settings.mode_of(named(names, "job:"), named(names, "component:"))
    realm = (ACT if mode == "enforce" else WOULD) if deed else "note"
    pace = pace_of(policy, settings)
    case = Case(incident, policy, view, state, settings, now, wall, mode, realm, pace)
    checks: list[Check] = []
    for name, check in PIPELINE if deed else NOTES:
        found = check(case)
        checks.append(Check(name, found.result, found.says))
        if found.result != PASSED:
            until = max(found.until, now + 1.0)
            return Ruling(found.kind, until, realm, mode, view.thing.input or "", tuple(checks))
    return Ruling(DECIDE, now, realm, mode, view.thing.input or "", tuple(checks))


Steps = tuple[tuple[str, Callable[[Case], Outcome]], ...]
_FIRST: Steps = (
    ("dedupe", truth.dedupe),
    ("debounce", truth.debounce),
    ("own", truth.own),
    ("complete", truth.complete),
    ("layer_below", truth.layer_below),
    ("still_wrong", truth.still_wrong),
    ("required", truth.required),
)
PIPELINE: Steps = (
    *_FIRST,
    ("frozen", leave.frozen),
    ("suspended", leave.suspended),
    ("mode", leave.mode),
    ("mass_failure", leave.mass_failure),
    ("contended", leave.contended),
    ("breaker", leave.breaker),
    ("cool_down", leave.cool_down),
    ("attempts", leave.attempts),
    ("blast", leave.blast),
    ("bucket", leave.bucket),
)
# A note changes nothing outside: no budget is for it but that it does not come too often.
NOTES: Steps = (*_FIRST, ("cool_down", leave.cool_down))
