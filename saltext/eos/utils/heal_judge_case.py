"""
What a check of the healer is shown, and the words in which it answers.

What is not known is looked at again, later and later, and at last given up.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from saltext.eos.utils.heal_budget import Pace
from saltext.eos.utils.heal_settings import Settings
from saltext.eos.utils.heal_state import Incident, State, View

PASSED, FAILED, WAITS = "passed", "failed", "waits"
DECIDE, WAIT, REFUSE, CLOSE = "decide", "wait", "refuse", "close"
HOUR = 3600.0
LONGEST_LOOK = 300.0
SOON, SOON_FOR = 5.0, 120.0


class Case(NamedTuple):
    """All that a check may look at."""

    incident: Incident
    policy: Mapping[str, Any]
    view: View
    state: State
    settings: Settings
    now: float
    wall: float
    mode: str
    realm: str
    pace: Pace


class Outcome(NamedTuple):
    """What a check found; ``until`` for one that waits, ``kind`` for one that ends it."""

    result: str
    says: str
    until: float = 0.0
    kind: str = WAIT


def passed(says: str) -> Outcome:
    """Let through."""
    return Outcome(PASSED, says)


def again(case: Case, says: str) -> Outcome:
    """Look again: the longer ago the last fact the later, by a tenth of that, within bounds."""
    pause = max(case.settings.look, min(LONGEST_LOOK, (case.now - case.incident.last) / 10.0))
    return Outcome(WAITS, says, case.now + pause)


def unknown(case: Case, says: str) -> Outcome:
    """Look again; what every source answered and nobody knew for long, nobody will know."""
    if (since := case.now - case.incident.last) >= case.settings.unknown_for:
        return Outcome(FAILED, f"for {since / HOUR:.0f} h {says}", kind=CLOSE)
    return again(case, says)


def sooner(case: Case, found: Outcome) -> Outcome:
    """Look sooner: most of what is waited for is over within two minutes, and then it is acted."""
    if case.now - case.incident.last >= SOON_FOR:
        return found
    return found._replace(until=min(found.until, case.now + SOON))
