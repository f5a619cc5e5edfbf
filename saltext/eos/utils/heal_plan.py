"""What an act is going to do, what it did, and how a decision names what it is about."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from salt.exceptions import CommandExecutionError

from saltext.eos.utils.heal_state import component_of

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,127}")
ALLOCATION = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

# Seconds after which what an act asks of a minion is told to end: the stack lock is held meanwhile.
LONGEST_APPLY = 600.0
LONGEST_ASK = 120.0


class Misfit(CommandExecutionError):
    """The decision names what the stack, as it is described now, does not have."""


class Plan(NamedTuple):
    """
    What is going to be done.

    :param says: in words, for people.
    :param node: the minion that does it.
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


class Acting(NamedTuple):
    """
    Under which decision it is done, which may end or be stopped while it is.

    :param who: the orchestration that has claimed it.
    """

    decision: str
    who: Mapping[str, Any]


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
    raise Misfit(f"the decision names no {' or '.join(names)}; found {named(held)}")


def part(subject: Mapping[str, Any], form: Mapping[str, Any]) -> tuple[str, str, dict[str, Any]]:
    """
    Give the node, the component and the component's compiled part there.

    :raises Misfit: the stack has no such node, or the component does not run there.
    """
    node = leaf(subject, "node", "minion")
    component = component_of(subject.get("act") or {}, subject)
    return node, str(component), part_of(form, node, component)


def part_of(form: Mapping[str, Any], node: str, component: str | None) -> dict[str, Any]:
    """
    Give the compiled part of a component on a node.

    :raises Misfit: there is none.
    """
    if node not in form["all"]:
        raise Misfit(f"node {node!r} is not in the stack; expected one of {named(form['all'])}")
    parts = form["all"][node]["components"]
    if component not in parts:
        raise Misfit(f"{component!r} does not run on {node}; there run {named(parts)}")
    found: dict[str, Any] = parts[component]
    return found


def runner_of(form: Mapping[str, Any], component: str) -> str:
    """
    Give the node on which a component that stands beside the master runs; the first of several.

    :raises Misfit: none does.
    """
    nodes = sorted((form.get("plan") or {}).get("nodes_of", {}).get(component, ()))
    if not nodes:
        raise Misfit(f"no node has the role {component}: [runner]; expected one in eos:topology")
    return str(nodes[0])


def region(subject: Mapping[str, Any], kind: str) -> str:
    """
    Give the region of Nomad, or the datacenter of Consul, that a decision is about.

    :raises Misfit: it is about none.
    """
    found, _, name = str(subject.get("cluster")).partition(":")
    if found != kind or not NAME.fullmatch(name):
        raise Misfit(f"the decision is about {subject.get('cluster')!r}; expected one of {kind}")
    return name


def named(names: Any) -> str:
    """List names in words."""
    return ", ".join(sorted(names)) or "nothing"
