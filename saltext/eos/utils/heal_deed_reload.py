"""The act ``reload``: the unit of a component on a node reads its configuration again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from saltext.eos.utils import master
from saltext.eos.utils.heal_plan import LONGEST_ASK, Done, Misfit, Plan, part

UNIT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,200}\.service")
WITHIN = 60.0


def plan(subject: Mapping[str, Any], form: Mapping[str, Any]) -> Plan:
    """Name the unit of the component on the node."""
    node, component, found = part(subject, form)
    unit = found.get("unit")
    if not isinstance(unit, str) or not UNIT.fullmatch(unit):
        raise Misfit(f"{component} on {node} has unit {unit!r}; expected a service to reload")
    return Plan(f"reload {unit} on {node}", node, (unit,), WITHIN)


def do(opts: dict[str, Any], what: Plan) -> Done:
    """Reload it; one that does not run is not started."""
    found = master.call(
        opts, what.node, "eos_heal_act.reload", list(what.arguments), within=LONGEST_ASK
    )
    return Done(f"reloaded {found['unit']} on {what.node}, its process is {found['pid']}")
