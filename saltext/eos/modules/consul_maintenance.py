"""Tell what Consul's agent on this minion has in maintenance mode."""

from __future__ import annotations

from typing import Any

from saltext.eos.utils import maintenance, settings

__virtualname__ = "consul_maintenance"

__opts__: dict[str, Any]


def __virtual__():
    return __virtualname__


def status():
    """
    Give the reason of the node's maintenance, or ``None``, and that of each service in it.

    Raises ``CommandExecutionError`` when the agent is out of reach or refuses, and when the token
    may not see all of its checks.

    CLI Example:

    .. code-block:: bash

        salt n1 consul_maintenance.status
    """
    known = maintenance.of_all(settings.connect("consul", __opts__))
    return {"node": known.get(""), "services": {name: why for name, why in known.items() if name}}
