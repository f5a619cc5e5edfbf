"""
What the healer's acts do: a decision becomes a plan, checked against the compiled form, then done.

What is acted on comes from the row of the decision alone. A name that the compiled form does not
know, or that has not the form of one, never reaches a command.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from saltext.eos.utils import heal_deed_apply, heal_deed_consul, heal_deed_nomad
from saltext.eos.utils.heal_plan import Acting, Done, Misfit, Plan, named

Planner = Callable[[Mapping[str, Any], Mapping[str, Any]], Plan]
Doer = Callable[[dict[str, Any], Plan, Acting], Done]

DEEDS: dict[str, tuple[Planner, Doer]] = {
    "apply": (heal_deed_apply.plan, heal_deed_apply.do),
    "deregister": (heal_deed_consul.plan, heal_deed_consul.do),
    "evaluate": (heal_deed_nomad.plan, heal_deed_nomad.do),
    "resync": (heal_deed_consul.plan_resync, heal_deed_consul.resync),
    "unseal": (heal_deed_apply.plan_unseal, heal_deed_apply.unseal),
}
"""For each act what makes its plan and what carries it out."""


def planned(action: Any, subject: Mapping[str, Any], form: Mapping[str, Any]) -> Plan:
    """
    Make the plan of a decision.

    :param subject: of the decision.
    :param form: the compiled stack.
    :raises Misfit: it names what there is not.
    """
    if action not in DEEDS:
        raise Misfit(f"there is no act {action!r}; expected one of {named(DEEDS)}")
    return DEEDS[action][0](subject, form)


def carried_out(opts: dict[str, Any], action: str, plan: Plan, acting: Acting) -> Done:
    """
    Do what is planned.

    :raises CommandExecutionError: it failed; also SaltRunnerError.
    """
    return DEEDS[action][1](opts, plan, acting)
