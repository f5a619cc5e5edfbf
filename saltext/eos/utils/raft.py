"""The peers of Vault's own storage, and which of them may leave it."""

from __future__ import annotations

from typing import Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import answers
from saltext.eos.utils.http import Client, NotFound

_PEERS = "/v1/sys/storage/raft/configuration"
_HEALTH = "/v1/sys/storage/raft/autopilot/state"


def peers(client: Client) -> dict[str, dict[str, Any]]:
    """
    Give every peer by its id: address, whether it leads, votes, and is healthy.

    Health is ``None`` where it is not known, as without autopilot.

    :raises CommandExecutionError: Vault keeps its data elsewhere, is sealed, or refuses.
    """
    found = answers.mapping(client.get(_PEERS), f"GET {_PEERS}", "config")
    servers = answers.part(found, "config", f"GET {_PEERS}").get("servers")
    known = answers.listing(servers, f"GET {_PEERS}", "node_id", "address", "leader", "voter")
    health = _health(client)
    return {
        str(one["node_id"]): {
            "address": one["address"],
            "leader": one["leader"],
            "voter": one["voter"],
            "healthy": answers.part(health, str(one["node_id"]), f"GET {_HEALTH}").get("healthy"),
        }
        for one in known
    }


def _health(client: Client) -> dict[str, Any]:
    """Give what autopilot knows of each peer: nothing when it is off."""
    try:
        found = answers.mapping(client.get(_HEALTH), f"GET {_HEALTH}")
    except NotFound:
        return {}
    return answers.part(found, "servers", f"GET {_HEALTH}")


def refuse_loss(known: dict[str, dict[str, Any]], name: str) -> None:
    """
    Refuse to take a peer away without which the others cannot decide.

    :raises CommandExecutionError: it leads, or too few of the rest are healthy.
    """
    if known[name]["leader"]:
        raise CommandExecutionError(
            f"raft peer {name} leads; expected one that does not; have it step down first "
            "(`vault operator step-down`)"
        )
    rest = [one for peer, one in known.items() if peer != name and one["voter"]]
    healthy = [one for one in rest if one["healthy"]]
    if len(healthy) * 2 <= len(rest):
        raise CommandExecutionError(
            f"raft peer {name} cannot be removed: of the {len(rest)} other voters {len(healthy)} "
            "are known to be healthy; expected more than half; mend them first"
        )


def remove(client: Client, name: str) -> None:
    """Take a peer away; what it has on its disk stays there."""
    client.post("/v1/sys/storage/raft/remove-peer", {"server_id": name})
