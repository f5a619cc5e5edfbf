"""What the healer has given up for a while, and by which names people know it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from saltext.eos.utils import heal_act, heal_budget
from saltext.eos.utils.heal_reader import Reader
from saltext.eos.utils.heal_state import OPEN_STATES, WOULD
from saltext.eos.utils.moments import moment

# Names of one thing, or of those on one node; not of the whole stack, and of no policy.
OF_ONE = ("job:", "service:", "component:", "unit:", "node:")
# By so much of its hash people name a thing.
SHOWN = 12


def listed(reader: Reader) -> list[dict[str, Any]]:
    """
    List the things whose breaker is not closed, each in the realm in which it opened.

    A thing is known by what is kept of it, also where nothing of it is open any more: a breaker
    outlives the incidents that it is about.
    """
    opened = [
        (realm, thing, key)
        for name, key in reader.state.keys.items()
        for realm, _, thing in [name.partition(":")]
        if key.breaker != heal_budget.CLOSED and realm in heal_act.REALMS
    ]
    if not opened:
        return []
    decisions, incidents = reader.decisions(), reader.incidents()
    found = []
    for realm, thing, key in opened:
        done = [one for one in decisions if one["thing"] == thing]
        about = [*(one for one in incidents if one["thing"] == thing), *done]
        found.append(
            {
                "what": _what(about[-1]) if about else thing[:SHOWN],
                "names": [*dict.fromkeys(name for one in about for name in one["names"])],
                "acts": _acts(done, key),
                "thing": thing,
                "realm": realm,
                "attempts": key.attempts,
                "state": key.breaker,
                "probe": moment(reader.moment(key.breaker_until)),
                "left": round(max(0.0, key.breaker_until - reader.now)),
            }
        )
    return found


def under(found: Iterable[Mapping[str, Any]], name: str) -> list[Mapping[str, Any]]:
    """Give those that go by a name; by one of many, such as ``stack``, goes none."""
    return [one for one in found if name in one["names"] and name.startswith(OF_ONE)]


def _what(one: Mapping[str, Any]) -> str:
    """Give the names of what a decision, or an incident, is about, as people type them."""
    wide = ("policy:", "stack")
    names = ", ".join(name for name in one["names"] if not name.startswith(wide))
    return f"{one['action']} of {names}" if "action" in one else names


def _acts(done: list[dict[str, Any]], key: heal_budget.Key) -> str:
    """Say what came of the acts after which a breaker opened: it opens after any, helped or not."""
    same = [one for one in done if one["input_hash"] == key.input]
    count = Counter(_outcome(one) for one in same[-max(1, key.attempts) :])
    words = ("helped, and it came again", "did not help", "is under way", "was only said")
    return ", ".join(f"{count[one]} {one}" for one in words if count[one])


def _outcome(decision: Mapping[str, Any]) -> str:
    if decision["state"] == WOULD:
        return "was only said"
    if decision["state"] in OPEN_STATES:
        return "is under way"
    return "helped, and it came again" if decision["state"] == "done" else "did not help"
