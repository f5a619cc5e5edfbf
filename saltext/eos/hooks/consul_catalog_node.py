"""What of a node in Consul's catalogue the words of a declaration cannot say."""

from __future__ import annotations

from typing import Any

from saltext.eos.utils import catalog
from saltext.eos.utils.http import Client


def to_wire(made: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
    """Give a node as it is registered: its labels are called otherwise there."""
    sent = catalog.bare(made)
    meta = sent.pop("Meta", None)
    return sent if meta is None else {**sent, "NodeMeta": meta}


def before_update(client: Client, desired: dict[str, Any]) -> None:
    """
    Refuse a node with an agent: both would write it for ever.

    :raises CommandExecutionError: it has one.
    """
    catalog.refuse_agent(client, desired["name"])


def before_delete(client: Client, desired: dict[str, Any]) -> None:
    """
    Refuse a node with an agent: every service of a living node would be gone for a while.

    :raises CommandExecutionError: it has one.
    """
    catalog.refuse_agent(client, desired["name"])
