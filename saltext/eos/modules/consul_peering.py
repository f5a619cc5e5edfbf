"""Read the peerings of a cluster of Consul; no function gives a token."""

from __future__ import annotations

from typing import Any

from saltext.eos.utils import answers, peering, settings
from saltext.eos.utils.arguments import refuse_wrong

__virtualname__ = "consul_peering"
__func_alias__ = {"list_": "list"}

__opts__: dict[str, Any]


def __virtual__():
    return __virtualname__


def get(name):
    """
    Give one peering as a dictionary, or ``None`` when there is none of that name.

    name
        What this cluster calls the other one.

    Raises ``CommandExecutionError`` when the server is out of reach or refuses.

    CLI Example:

    .. code-block:: bash

        salt '*' consul_peering.get east
    """
    refuse_wrong({"name": peering.NAME}, {"name": name})
    found = peering.find(settings.connect("consul", __opts__), name)
    return None if found is None else peering.shown(found)


def list_():
    """
    List every peering as a dictionary.

    Raises ``CommandExecutionError`` when the server is out of reach or refuses.

    CLI Example:

    .. code-block:: bash

        salt '*' consul_peering.list
    """
    path = "/v1/peerings"
    client = settings.connect("consul", __opts__)
    found = answers.listing(client.get(path), f"GET {path}", "Name", "State")
    answers.refuse_unseen(client, "the peerings", path)
    return [peering.shown(one) for one in found]
