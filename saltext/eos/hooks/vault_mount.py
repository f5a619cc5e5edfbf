"""What of a secrets engine of Vault the words of a declaration cannot say."""

from __future__ import annotations

import time
from typing import Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import vault_mount
from saltext.eos.utils.http import Client, HttpError

WITHIN = 30.0


def to_wire(made: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
    """Give an engine that is there as its tuning: Vault takes that flat, and says it nested."""
    return vault_mount.tuning(made)


def after_create(client: Client, desired: dict[str, Any]) -> None:
    """
    Wait for a KV engine of version 2, which refuses writes in its first moment.

    :raises CommandExecutionError: it does not answer within 30 seconds.
    """
    if desired["type"] != "kv":
        return
    deadline = time.monotonic() + WITHIN
    while True:
        try:
            client.get(f"/v1/{desired['name']}/config")
            return
        except HttpError as err:
            if err.status == 404 or (desired.get("options") or {}).get("version") != "2":
                return
            if time.monotonic() > deadline:
                raise CommandExecutionError(
                    f"{desired['name']} does not answer {WITHIN:.0f} s after it was made; expected "
                    "it to be ready by then; look at Vault's journal"
                ) from err
        time.sleep(0.2)
