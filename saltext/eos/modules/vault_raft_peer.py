"""Read the peers of Vault's own storage."""

from __future__ import annotations

from typing import Any

from saltext.eos.utils import raft, settings

__virtualname__ = "vault_raft_peer"
__func_alias__ = {"list_": "list"}

__opts__: dict[str, Any]


def __virtual__():
    return __virtualname__


def list_():
    """
    Give every peer by its id: its address, whether it leads, votes, and is healthy.

    Raises ``CommandExecutionError`` when Vault is out of reach, sealed or refuses, or keeps its
    data elsewhere.

    CLI Example:

    .. code-block:: bash

        salt n1 vault_raft_peer.list
    """
    return raft.peers(settings.connect("vault", __opts__))
