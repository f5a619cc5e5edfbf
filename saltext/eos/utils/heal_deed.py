"""
What the healer's acts do: a decision becomes a plan, checked against the compiled form, then done.

What is acted on comes from the row of the decision alone. A name that the compiled form does not
know never reaches a command.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import master
from saltext.eos.utils.heal_state import component_of

UNIT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,200}\.service")
RELOAD_WITHIN = 60


class Misfit(CommandExecutionError):
    """The decision names what the stack, as it is described now, does not have."""


class Plan(NamedTuple):
    """
    What is going to be done.

    :param says: in words, for people.
    :param node: the minion that does it; empty for the master itself.
    :param arguments: of the function that does it.
    :param within: seconds in which its result has to show.
    """

    says: str
    node: str
    arguments: tuple[Any, ...]
    within: float


class Done(NamedTuple):
    """
    What was done.

    :param effects: ids that it brought about, such as of evaluations and deployments.
    """

    says: str
    effects: tuple[str, ...] = ()


def planned(action: str, subject: Mapping[str, Any], form: Mapping[str, Any]) -> Plan:
    """
    Make the plan of a decision.

    :param subject: of the decision.
    :param form: the compiled stack.
    :raises Misfit: it names what there is not.
    """
    deed = DEEDS.get(action)
    if deed is None:
        known = ", ".join(sorted(DEEDS))
        raise Misfit(f"there is no act {action!r}; expected one of {known}")
    return deed[0](subject, form)


def carried_out(opts: dict[str, Any], action: str, plan: Plan) -> Done:
    """
    Do what is planned.

    :raises CommandExecutionError: it failed; also SaltRunnerError.
    """
    return DEEDS[action][1](opts, plan)


def leaf(subject: Mapping[str, Any], *names: str) -> str:
    """
    Give what a decision says about the first of these names that it says anything about.

    :raises Misfit: it says nothing, or no text.
    """
    held = {at.partition(".")[2]: value for at, value in subject.items()}
    for name in names:
        value = held.get(name)
        if value is None:
            continue
        if isinstance(value, str) and value:
            return value
        raise Misfit(f"the decision has {name} {value!r}; expected text")
    raise Misfit(f"the decision names no {' or '.join(names)}; found {sorted(held)}")


def _part(subject: Mapping[str, Any], form: Mapping[str, Any]) -> tuple[str, str, dict[str, Any]]:
    """Give node, component and the component's compiled part there."""
    node = leaf(subject, "node", "minion")
    component = component_of(subject.get("act") or {}, subject)
    if node not in form["all"]:
        raise Misfit(f"node {node!r} is not in the stack; expected one of {_named(form['all'])}")
    parts = form["all"][node]["components"]
    if component not in parts:
        raise Misfit(f"{component!r} does not run on {node}; there run {_named(parts)}")
    return node, str(component), parts[component]


def _reload(subject: Mapping[str, Any], form: Mapping[str, Any]) -> Plan:
    node, component, part = _part(subject, form)
    unit = part.get("unit")
    if not isinstance(unit, str) or not UNIT.fullmatch(unit):
        raise Misfit(f"{component} on {node} has unit {unit!r}; expected a service to reload")
    return Plan(f"reload {unit} on {node}", node, (unit,), RELOAD_WITHIN)


def _reloaded(opts: dict[str, Any], plan: Plan) -> Done:
    found = master.call(opts, plan.node, "eos_heal_act.reload", list(plan.arguments))
    return Done(f"reloaded {found['unit']} on {plan.node}, its process is {found['pid']}")


def _named(names: Any) -> str:
    return ", ".join(sorted(names)) or "nothing"


DEEDS: dict[
    str,
    tuple[
        Callable[[Mapping[str, Any], Mapping[str, Any]], Plan],
        Callable[[dict[str, Any], Plan], Done],
    ],
] = {"reload": (_reload, _reloaded)}
"""For each act what makes its plan and what carries it out."""
