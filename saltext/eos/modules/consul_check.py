"""Read the health checks that Consul's agent on this minion makes."""

from __future__ import annotations

from typing import Any

from saltext.eos.utils import agent_check, settings
from saltext.eos.utils.arguments import refuse_wrong

__virtualname__ = "consul_check"
__func_alias__ = {"list_": "list"}

__opts__: dict[str, Any]


def __virtual__():
    return __virtualname__


def get(name):
    """
    Give one check as a dictionary, or ``None`` when there is none of that id.

    name
        Id of the check.

    Raises ``CommandExecutionError`` when the agent is out of reach or refuses, and when the token
    may not see all of its checks.

    CLI Example:

    .. code-block:: bash

        salt n1 consul_check.get web-1:answers
    """
    refuse_wrong(agent_check.SCHEMAS, {"name": name})
    found = agent_check.find(settings.connect("consul", __opts__), name)
    return None if found is None else _shown(found)


def list_():
    """
    Give every check of the agent by its id.

    Raises ``CommandExecutionError`` when the agent is out of reach or refuses, and when the token
    may not see all of its checks.

    CLI Example:

    .. code-block:: bash

        salt n1 consul_check.list
    """
    found = agent_check.every(settings.connect("consul", __opts__))
    return {one["CheckID"]: _shown(one) for one in found}


def _shown(found: dict[str, Any]) -> dict[str, Any]:
    return {"status": found.get("Status"), **agent_check.shown(found)}
