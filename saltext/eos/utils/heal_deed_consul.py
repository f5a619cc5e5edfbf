"""
The acts on registrations: ``deregister`` takes one away whose allocation has ended, ``resync`` has
one written again that the catalogue has lost while its allocation runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from saltext.eos.utils import master
from saltext.eos.utils.heal_plan import (
    ALLOCATION,
    LONGEST_ASK,
    NAME,
    Acting,
    Done,
    Misfit,
    Plan,
    leaf,
    region,
    runner_of,
)

WITHIN = 45.0
SILENCE = 40
LONGEST = 512


def plan(subject: Mapping[str, Any], form: Mapping[str, Any]) -> Plan:
    """Name the registration, its allocation, and the agent of its node as the stack knows it."""
    arguments = _registration(subject, form)
    _, node, instance, *_ = arguments
    says = f"deregister {instance} on {node}"
    return Plan(says, runner_of(form, "healer"), arguments, WITHIN)


def do(opts: dict[str, Any], what: Plan, _: Acting) -> Done:
    """Remove it through the agent of its node, or check-and-set where that agent is gone."""
    found = master.call(
        opts, what.node, "eos_heal_act.deregister", list(what.arguments), SILENCE, LONGEST_ASK
    )
    node, instance = what.arguments[1:3]
    return Done(f"deregistered {instance} on {node} through {found['through']}", (instance,))


def plan_resync(subject: Mapping[str, Any], form: Mapping[str, Any]) -> Plan:
    """Name the registration, its allocation, and the agent that is to write it."""
    arguments = _registration(subject, form)
    _, node, instance, _, agent = arguments
    if not agent:
        raise Misfit(f"Eos runs no Consul agent on {node}; expected one that can be asked")
    says = f"have the agent of {node} write {instance} into the catalogue"
    return Plan(says, runner_of(form, "healer"), arguments, WITHIN)


def resync(opts: dict[str, Any], what: Plan, _: Acting) -> Done:
    """Have it written, if the agent still has it and the allocation runs."""
    found = master.call(
        opts, what.node, "eos_heal_act.resync", list(what.arguments), SILENCE, LONGEST_ASK
    )
    node, instance = what.arguments[1:3]
    if not found["written"]:
        return Done(f"{instance} stood in the catalogue again; nothing was done")
    return Done(f"the agent of {node} wrote {instance} into the catalogue", (instance,))


def _registration(subject: Mapping[str, Any], form: Mapping[str, Any]) -> tuple[str, ...]:
    """Give datacenter, node, instance, allocation and agent of a registration that Nomad made."""
    node, instance = leaf(subject, "node"), leaf(subject, "instance")
    allocation = leaf(subject, "alloc")
    if not ALLOCATION.fullmatch(allocation) or not instance.startswith(f"_nomad-task-{allocation}"):
        raise Misfit(f"registration {instance[:80]!r} is not of allocation {allocation[:40]!r}")
    if len(instance) > LONGEST or not instance.isprintable() or not NAME.fullmatch(node):
        raise Misfit(f"{instance[:80]!r} on {node[:80]!r} is no registration")
    return region(subject, "consul"), node, instance, allocation, _agent(form, node)


def _agent(form: Mapping[str, Any], node: str) -> str:
    """Give where the Consul agent of a node answers; empty for a node that Eos does not run."""
    consul = form["all"].get(node, {}).get("components", {}).get("consul")
    if consul is None:
        return ""
    return f"https://{form['nodes'][node]['address']}:{consul['values']['https']}"
