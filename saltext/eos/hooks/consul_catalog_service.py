"""What of a service in Consul's catalogue the words of a declaration cannot say."""

from __future__ import annotations

from typing import Any

from saltext.eos.utils import catalog
from saltext.eos.utils.http import Client


def before_create(client: Client, desired: dict[str, Any]) -> None:
    """
    Refuse a node that is not there, or has an agent, which takes away what it did not register.

    :raises CommandExecutionError: it is not, or has one.
    """
    catalog.require_node(client, desired["node"])
    catalog.refuse_agent(client, desired["node"])


def before_update(client: Client, desired: dict[str, Any]) -> None:
    """
    Refuse a node with an agent: both would write it for ever.

    :raises CommandExecutionError: it has one.
    """
    catalog.refuse_agent(client, desired["node"])


def before_delete(client: Client, desired: dict[str, Any]) -> None:
    """
    Refuse a node with an agent: what works there would not be found for a while.

    :raises CommandExecutionError: it has one.
    """
    catalog.refuse_agent(client, desired["node"])


def to_wire(made: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
    """Give a service as it is registered, inside of its node."""
    sent = dict(made)
    node, name = sent.pop("Node"), sent.pop("ServiceID")
    return catalog.on_node({**sent, "ID": name}, "Service", node)
