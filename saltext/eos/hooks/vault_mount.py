"""What of a secrets engine of Vault the words of a declaration cannot say."""

from __future__ import annotations

from typing import Any

from saltext.eos.utils import vault_mount
from saltext.eos.utils.http import Client


def to_wire(made: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
    """Give an engine that is there as its tuning: Vault takes that flat, and says it nested."""
    return vault_mount.tuning(made)


def after_create(client: Client, desired: dict[str, Any]) -> None:
    """Wait for a KV engine, which refuses writes in its first moment."""
    if desired["type"] == "kv":
        vault_mount.wait_until_ready(client, desired["name"])
