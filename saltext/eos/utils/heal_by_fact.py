"""
Acts that only a fact gives leave for: whatever else is told of the same thing takes it back.

A Vault that was started anew may be opened; once somebody has opened it, or a person has sealed it,
an incident that still waits is no leave any more, however long ago it was opened.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from saltext.eos.utils import heal_act, heal_match, heal_over, heal_policy
from saltext.eos.utils.heal_state import (
    ACTING,
    CLOSED,
    DECIDED,
    OPEN_STATES,
    WATCHING,
    Incident,
    State,
)

Families = dict[str, list[tuple[str, Mapping[str, Any]]]]
OTHERWISE = "another fact came, and none says that it may be undone"
TOLD = "a fact says it is over"
OLDER = "it was opened for facts that give no leave any more"


def families(table: heal_match.Table) -> Families:
    """Order the policies of such acts by the events that they are for."""
    found: Families = {}
    for name, policy in table.items():
        if policy["act"]["do"] in heal_policy.BY_FACT:
            for family in sorted({one.rpartition("/")[0] for one in policy["on"]}):
                found.setdefault(family, []).append((name, policy))
    return found


def leave_of(policy: Mapping[str, Any]) -> str:
    """Name what a policy takes for leave; empty where its act needs none."""
    is_needed = policy["act"]["do"] in heal_policy.BY_FACT
    return heal_match.digest(policy.get("match") or {}) if is_needed else ""


def taken_back(
    state: State, families_: Families, envelope: Mapping[str, Any],
    found: Collection[heal_match.Match], now: float,
) -> None:  # fmt: skip
    """
    Take back what a fact speaks against.

    :param found: what it is for.
    """
    if envelope.get("settled") is False or envelope.get("replay"):
        return
    for name, policy in families_.get(envelope["event"], ()):
        subject = {at: heal_match.leaf(envelope, at) for at in policy["key"]}
        key = heal_match.Match(name, heal_match.cluster(envelope), subject).key()
        incident = state.incidents.get(key)
        if incident is None or name in (one.policy for one in found):
            continue
        if not heal_over.is_over(envelope["event"], envelope["verb"]):
            _close(state, incident, OTHERWISE, now)
        elif incident.state not in (DECIDED, ACTING, WATCHING):
            # What is watched is left alone when it is so again, unless a fact gives leave.
            incident.state, incident.why, incident.due = WATCHING, TOLD, now
            state.mark("incidents", incident.key)


def close_older(state: State, table: heal_match.Table, now: float) -> None:
    """Close what was opened for facts that give no leave by this table."""
    for incident in [*state.incidents.values()]:
        policy = table.get(incident.policy)
        if policy is None or policy["act"]["do"] not in heal_policy.BY_FACT:
            continue
        if incident.leave != leave_of(policy):
            _close(state, incident, OLDER, now)


def _close(state: State, incident: Incident, why: str, now: float) -> None:
    for one in [*state.decisions.values()]:
        is_begun = one.claim is not None and one.claim.get("acts")
        if one.incident == incident.id and one.state in OPEN_STATES and not is_begun:
            heal_act.ended(state, one.id, False, why, (), now)
    heal_act.close(state, incident, why, now)
    state.line(CLOSED, now, incident=incident.id, policy=incident.policy, why=why)
