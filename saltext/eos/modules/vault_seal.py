"""Tell whether Vault is open; nothing here opens or seals it."""

from __future__ import annotations

from typing import Any

from saltext.eos.utils import answers, settings

__virtualname__ = "vault_seal"

__opts__: dict[str, Any]


def __virtual__():
    return __virtualname__


def status():
    """
    Say whether Vault is initialised and sealed, and how far an unseal has come.

    Vault says it without a token, and sealed, too.

    Raises ``CommandExecutionError`` when Vault is out of reach.

    CLI Example:

    .. code-block:: bash

        salt n1 vault_seal.status
    """
    path = "/v1/sys/seal-status"
    client = settings.connect("vault", __opts__, with_token=False)
    found = answers.mapping(client.get(path), f"GET {path}", "sealed", "initialized")
    return {
        "initialized": found["initialized"],
        "sealed": found["sealed"],
        "type": found.get("type"),
        "shares": found.get("n"),
        "threshold": found.get("t"),
        "progress": found.get("progress"),
        "storage": found.get("storage_type"),
        "version": found.get("version"),
        "cluster": found.get("cluster_name"),
        "is_migrating": bool(found.get("migration")),
        "is_removed": bool(found.get("removed_from_cluster")),
    }
