"""What one datacenter of Consul says of the instances of some nodes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any
from urllib.parse import quote

from saltext.eos.utils.heal_snapshot_ask import Asker, together

Row = dict[str, Any]


def read(ask: Asker, nodes: Collection[str], deadline: float) -> Row:
    """
    Give the nodes of the catalogue, and the instances of the wanted ones with their checks.

    :param nodes: names of nodes.
    :raises Blocked: an answer is not whole, or filtered by what its token may see.
    """
    questions = [partial(_instances, ask, node, deadline) for node in sorted(set(nodes))]
    members, *rows = together([partial(_members, ask), *questions], deadline)
    return {
        "index": members[1],
        "members": members[0],
        "services": [x for one in rows for x in one],
    }


def _whole(ask: Asker, path: str) -> tuple[Any, int]:
    body, headers = ask.get(path)
    if headers.get("x-consul-results-filtered-by-acls") == "true":
        raise ask.blocked(f"its token may not see all of {path}")
    if headers.get("x-consul-knownleader") != "true":
        raise ask.blocked("it has no leader")
    return body, int(headers.get("x-consul-index") or 0)


def _members(ask: Asker) -> tuple[list[str], int]:
    body, index = _whole(ask, "/v1/catalog/nodes")
    if not isinstance(body, list):
        raise ask.blocked("its nodes are no list")
    return sorted(one["Node"] for one in body), index


def _instances(ask: Asker, node: str, deadline: float) -> list[Row]:
    name = quote(node, safe="")
    (body, _), (checks, _) = together(
        [
            partial(_whole, ask, f"/v1/catalog/node-services/{name}"),
            partial(_whole, ask, f"/v1/health/node/{name}"),
        ],
        deadline,
    )
    if not isinstance(body, dict) or "Node" not in body or not isinstance(checks, list):
        raise ask.blocked(f"the services of node {node} are no list")
    if body["Node"] is None:
        return []
    # A node that has no service any more has none, and not a list of none.
    services = [] if body["Services"] is None else body["Services"]
    if body["Node"]["Node"] != node or not isinstance(services, list):
        raise ask.blocked(f"the services of node {node} are another's")
    states: dict[str, dict[str, str]] = {}
    for one in checks:
        states.setdefault(one["ServiceID"], {})[one["CheckID"]] = one["Status"]
    return [_instance(node, one, states.get(one["ID"], {})) for one in services]


def _instance(node: str, one: Mapping[str, Any], checks: dict[str, str]) -> Row:
    return {
        "node": node,
        "instance": one["ID"],
        "service": one["Service"],
        "checks": checks,
        "create_index": one["CreateIndex"],
        "modify_index": one["ModifyIndex"],
    }
