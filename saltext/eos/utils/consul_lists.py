"""What Consul gives as a map by name, or inside of something else, as the list that it is."""

from __future__ import annotations

from typing import Any

_MAPS = ("/v1/agent/services", "/v1/agent/checks")
_OF_NODE = "/v1/catalog/node-services/"


def as_list(path: str, found: Any) -> Any:
    """
    Give the answer to a read: services and checks as lists of objects, each with its node.

    :param path: what was asked, with its filter.
    """
    where = path.partition("?")[0]
    if where in _MAPS and isinstance(found, dict):
        return list(found.values())
    if where.startswith(_OF_NODE) and isinstance(found, dict):
        return _of_node(found)
    return found


def _of_node(found: dict[str, Any]) -> Any:
    node, services = found.get("Node"), found.get("Services")
    if node is None and not services:
        return []
    if not isinstance(node, dict) or not isinstance(services, list):
        return found
    return [
        {**one, "Node": node.get("Node"), "ServiceID": one.get("ID")}
        for one in services
        if isinstance(one, dict)
    ]
