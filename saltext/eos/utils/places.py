"""Where the servers of the stack answer, seen from one node: its own first, else the first peer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def of(component: str, role: str, context: Mapping[str, Any]) -> str:
    """
    Give the address of the nearest node with a role.

    :param context: what a ``derive`` hook is given.
    :raises ValueError: no node has that role.
    """
    nodes: Mapping[str, Any] = context["nodes"]
    own = context["node"]["id"]
    having = [name for name, node in nodes.items() if role in node["roles"].get(component, ())]
    if not having:
        raise ValueError(
            f"no node has the role {component}: [{role}]; expected one in eos:topology"
        )
    return str(nodes[own if own in having else min(having)]["address"])


def url(component: str, role: str, port: int, context: Mapping[str, Any]) -> str:
    """Give ``https://address:port`` of the nearest node with a role."""
    return f"https://{of(component, role, context)}:{port}"
