"""
Manage the peers of Vault's own storage.

A peer joins by itself, from its own configuration; what a state can do is to take away one that
does not come back, and to say whether one is there.
"""

from __future__ import annotations

from typing import Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import fate, raft, settings, state
from saltext.eos.utils.arguments import named, refuse_wrong

__virtualname__ = "vault_raft_peer"

__opts__: dict[str, Any]

_NAME = named("the id of a raft peer: letters, digits, `.`, `_` and `-`, at most 128")


def __virtual__():
    return __virtualname__


def healthy(name):
    """
    Ensure that a peer is there, votes, and is healthy; nothing is changed.

    .. code-block:: yaml

        v1:
          vault_raft_peer.healthy: []

    name
        The peer's id, its ``node_id``.
    """
    try:
        found = _peers(name)[0].get(name)
    except CommandExecutionError as err:
        return state.failed(str(name)[:120], err)
    if found is None:
        return state.failed(name, f"raft peer {name} is not there; expected it to have joined")
    if not (found["healthy"] and found["voter"]):
        said = "does not vote" if found["healthy"] else "is not healthy"
        if found["healthy"] is None:
            said = "is of unknown health, because Vault's autopilot does not speak of it"
        return state.failed(
            name, f"raft peer {name} {said}; expected a healthy voter; look at its own journal"
        )
    return state.unchanged(name, f"Raft peer {name}")


def absent(name):
    """
    Ensure that a peer does not belong to the cluster.

    .. code-block:: yaml

        v3:
          vault_raft_peer.absent: []

    name
        The peer's id, its ``node_id``.

    The leader is refused, and so is a peer without which at most half of the voters that are left
    were healthy.
    """
    test = bool(__opts__.get("test"))
    done: dict[str, Any] = {}
    try:
        known, client = _peers(name)
        if name not in known:
            return state.result(name, True, f"Raft peer {name} is already absent.")
        raft.refuse_loss(known, name)
        changes = {
            field: {"old": known[name][field], "new": None}
            for field in ("address", "voter", "healthy")
        }
        if not test:
            what = f"raft peer {name}"
            with fate.told(what, "removed", changes, lambda: _left(client, name, changes)):
                raft.remove(client, name)
            done = changes
            if name in raft.peers(client):
                done = {}
                raise CommandExecutionError(
                    f"raft peer {name} is still there after it was removed; expected it to be gone"
                )
    except CommandExecutionError as err:
        return state.failed(str(name)[:120], err, done)
    return state.changed(name, f"Raft peer {name} {{}} removed.", changes, test=test)


def _left(client: Any, name: str, changes: dict[str, Any]) -> dict[str, Any]:
    return changes if name in raft.peers(client) else {}


def _peers(name: Any) -> tuple[dict[str, dict[str, Any]], Any]:
    refuse_wrong({"name": _NAME}, {"name": name})
    client = settings.connect("vault", __opts__)
    return raft.peers(client), client
