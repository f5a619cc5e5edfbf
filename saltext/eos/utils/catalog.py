"""What registrations in Consul's catalogue have in common."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import answers
from saltext.eos.utils.http import Client

_OWN = ("CreateIndex", "ModifyIndex", "Datacenter", "PeerName", "ContentHash")


def bare(made: dict[str, Any]) -> dict[str, Any]:
    """Give an object without what Consul itself says of it: it refuses to be told."""
    return {name: value for name, value in made.items() if name not in _OWN}


def on_node(made: dict[str, Any], part: str, node: str) -> dict[str, Any]:
    """
    Give the registration of something on a node that stays as it is.

    :param part: ``Service`` or ``Check``.
    """
    return {"Node": node, "Address": "", "SkipNodeUpdate": True, part: bare(made)}


def refuse_agent(client: Client, node: str) -> None:
    """
    Refuse a node that has an agent: it registers itself, its services and its checks.

    :raises CommandExecutionError: it has one, or the token may not see whether it has.
    """
    wanted = quote('CheckID == "serfHealth"')
    path = f"/v1/health/node/{quote(node, safe='')}?filter={wanted}"
    if answers.listing(client.get(path), f"GET {path}", "CheckID"):
        raise CommandExecutionError(
            f"node {node} has an agent of its own, which registers it and what is on it; expected "
            "one without; take another name, have the agent leave first, or use consul_service and "
            "consul_check on that minion"
        )
    answers.refuse_unseen(client, f"the checks of node {node}", path)


def require_node(client: Client, node: str) -> None:
    """
    Refuse a node that is not there: Consul would make one without an address.

    :raises CommandExecutionError: it is not.
    """
    wanted = quote(f'Node == "{node}"')
    path = f"/v1/catalog/nodes?filter={wanted}"
    found = answers.listing(client.get(path), f"GET {path}", "Node")
    if not found:
        answers.refuse_unseen(client, f"the nodes, of which {node} may be one", path)
        raise CommandExecutionError(
            f"node: expected one that is in the catalogue; found {node!r}, which is not; register "
            "it first, with consul_catalog_node.present"
        )
