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


def require_node(client: Client, node: str) -> None:
    """
    Refuse a node that is not there: Consul would make one without an address.

    :raises CommandExecutionError: it is not.
    """
    wanted = quote(f'Node == "{node}"')
    path = f"/v1/catalog/nodes?filter={wanted}"
    if not answers.listing(client.get(path), f"GET {path}", "Node"):
        raise CommandExecutionError(
            f"node: expected one that is in the catalogue; found {node!r}, which is not; register "
            "it first, with consul_catalog_node.present"
        )
