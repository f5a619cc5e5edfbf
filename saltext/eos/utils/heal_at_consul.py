"""How a dead registration leaves Consul: through its own agent, else check-and-set."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

from salt.exceptions import CommandExecutionError

from saltext.eos import heal_checks
from saltext.eos.utils import heal_ask
from saltext.eos.utils.heal_ask import TIMEOUT, Server
from saltext.eos.utils.heal_snapshot_ask import Source
from saltext.eos.utils.http import Client, HttpError, NotFound, Unavailable

GONE_WITHIN = 10.0
SERF = "serfHealth"


def refuse_unless_ended(allocation: str, rows: list[dict[str, Any]]) -> None:
    """
    Go on only when exactly one region knows the allocation, and says that it has ended.

    :raises CommandExecutionError: it runs, may run, or is not known.
    """
    row = _only(allocation, rows, "that says it has ended")
    if row.get("ClientStatus") not in heal_checks.ENDED:
        raise CommandExecutionError(
            f"allocation {allocation} is {row.get('ClientStatus')}; expected it to have ended; its "
            "registration is left alone"
        )


def refuse_unless_runs(allocation: str, rows: list[dict[str, Any]]) -> None:
    """
    Go on only when exactly one region knows the allocation, runs it, and means to.

    :raises CommandExecutionError: it has ended, is to end, or is not known.
    """
    row = _only(allocation, rows, "that runs it")
    is_now, is_to_be = row.get("ClientStatus"), row.get("DesiredStatus")
    if is_now != "running" or is_to_be != "run":
        raise CommandExecutionError(
            f"allocation {allocation} is {is_now} and is to {is_to_be}; expected it to run and to "
            "be meant to; its registration is left alone"
        )


def deregister(
    consul: Server, source: Source, token: str, node: str, instance: str, agent: str
) -> dict[str, str]:
    """
    Remove a registration.

    :param source: the datacenter.
    :param token: file of the token that may remove it.
    :param agent: where the agent of the node answers; empty for none.
    :raises CommandExecutionError: it is not there, it changed meanwhile, or its agent is alive and
        cannot be reached.
    """
    row = row_of(consul, node, instance)
    if row is None:
        raise CommandExecutionError(f"{instance} is not registered on {node} any more")
    if agent and _through_agent(source, token, agent, instance):
        through = "its agent"
        if not _is_gone(consul, node, instance):
            raise CommandExecutionError(f"{instance} is registered on {node} still or again")
        return {"through": through}
    if _is_alive(consul, node):
        raise CommandExecutionError(
            f"the agent of {node} is alive for the others and cannot be asked from here, or does "
            f"not have {instance}; it would register again what the catalogue loses"
        )
    operation = {
        "Verb": "delete-cas", "Node": node,
        "Service": {"ID": instance, "Service": row["Service"], "ModifyIndex": row["ModifyIndex"]},
    }  # fmt: skip
    consul.send("PUT", "/v1/txn", [{"Service": operation}])
    if not _is_gone(consul, node, instance):
        raise CommandExecutionError(f"{instance} is registered on {node} still or again")
    return {"through": "the catalogue"}


def agent_of(source: Source, token: str, agent: str) -> Client:
    """
    Give a client of one agent; what changes something is sent once.

    :param token: file of the token to ask with.
    :raises CommandExecutionError: there is no token.
    """
    headers = {source.header: heal_ask.secret_of(token)}
    return Client(agent, source.ca, headers, TIMEOUT, attempts=1, within=TIMEOUT)


def row_of(consul: Server, node: str, instance: str) -> dict[str, Any] | None:
    """
    Give what the leader's catalogue has of an instance now; None when it has none.

    :raises CommandExecutionError: it does not answer.
    """
    found = consul.get(f"/v1/catalog/node-services/{quote(node, safe='')}?consistent") or {}
    for one in found.get("Services") or ():
        if one.get("ID") == instance:
            return dict(one)
    return None


def _only(allocation: str, rows: list[dict[str, Any]], what: str) -> dict[str, Any]:
    if len(rows) != 1:
        raise CommandExecutionError(
            f"{len(rows)} regions know allocation {allocation}; expected one {what}; its "
            "registration is left alone"
        )
    return rows[0]


def _through_agent(source: Source, token: str, agent: str, instance: str) -> bool:
    """Ask the agent; False when it does not answer, or does not have the registration."""
    try:
        agent_of(source, token, agent).put(
            f"/v1/agent/service/deregister/{quote(instance, safe='')}"
        )
    except (Unavailable, NotFound):
        return False
    except HttpError as err:
        raise CommandExecutionError(str(err)) from err
    return True


def _is_alive(consul: Server, node: str) -> bool:
    """Tell whether the other agents see the agent of a node; without their word it counts as so."""
    for check in consul.get(f"/v1/health/node/{quote(node, safe='')}?consistent") or ():
        if check.get("CheckID") == SERF:
            return check.get("Status") == "passing"
    # External nodes have no agent, so nobody registers their services again.
    return False


def _is_gone(consul: Server, node: str, instance: str) -> bool:
    deadline = time.monotonic() + GONE_WITHIN
    while row_of(consul, node, instance) is not None:
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.3)
    return True
