"""Who makes room for a deed or a stop where too many incidents are open: what people miss least."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from saltext.eos.utils import heal_act, heal_judge, heal_match, heal_policy
from saltext.eos.utils.heal_judge_case import DECIDE
from saltext.eos.utils.heal_settings import Settings
from saltext.eos.utils.heal_state import CLOSED, Incident, State, Thing, View

# The first goes first; what is not in it is grave, or told of before it goes.
ORDER = ("watch", "report", "propose", "suspect")
WHY = "something graver came, and too many are open"
# Of what gives way to nothing.
GRAVE = len(ORDER) + 1


def made(
    state: State, table: heal_match.Table, policy: Mapping[str, Any], settings: Settings, now: float
) -> bool:
    """
    Close the oldest note that may go; a host tells of each change once.

    :param policy: of what needs the room.
    :return: whether there is room.
    """
    if not _is_grave(policy):
        return False
    found: tuple[int, Incident] | None = None
    # Each policy is looked at once: it is asked for each fact of a storm, with all that is open.
    ranks = {name: _rank(held) for name, held in table.items()}
    for incident in state.incidents.values():
        rank = ranks.get(incident.policy, 0)
        if rank < (GRAVE if found is None else found[0]):
            found = (rank, incident)
            if rank == 0:
                break
    if found is None:
        return False
    rank, incident = found
    is_told = state.key("note", incident.thing).cool_until > now
    if rank == len(ORDER) and not is_told:
        check = heal_judge.Check("room", "passed", f"it is told before it is judged: {WHY}")
        ruling = heal_judge.Ruling(DECIDE, now, "note", "", "", (check,))
        view = View(now, "", 0, 0, "", Thing())
        heal_act.decide(
            state, incident, table[incident.policy], view, ruling, settings, now, lambda: ""
        )
    else:
        heal_act.close(state, incident, WHY, now)
        state.line(CLOSED, now, incident=incident.id, policy=incident.policy, why=WHY)
    return True


def _rank(policy: Mapping[str, Any]) -> int:
    if _is_grave(policy):
        return GRAVE
    do = policy["act"]["do"]
    return ORDER.index(do) if do in ORDER else len(ORDER)


def _is_grave(policy: Mapping[str, Any]) -> bool:
    return heal_policy.is_deed(policy) or heal_policy.stops(policy)
