"""Mounts of Vault: secrets engines and auth methods, in the form in which Vault reports them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from salt.exceptions import CommandExecutionError

from saltext.eos.utils.http import BadRequest, Client, Forbidden, NotFound, Sealed

WITHIN = 30.0
PAUSE = 0.2


def read(client: Client, kind: str, name: str, wanted: Mapping[str, Any]) -> dict[str, Any] | None:
    """
    Give a mount, with those of its options and settings that ``wanted`` has; or ``None``.

    :param kind: ``mounts`` or ``auth``.
    """
    found = client.get(f"/v1/sys/{kind}")["data"].get(f"{name}/")
    if found is None:
        return None
    return {
        **found,
        **{
            part: {key: (found[part] or {}).get(key) for key in wanted[part]}
            for part in ("options", "config")
            if part in wanted
        },
    }


def write(client: Client, kind: str, name: str, wanted: Mapping[str, Any]) -> None:
    """
    Make a mount, or tune the one that is there.

    :param kind: ``mounts`` or ``auth``.
    :raises CommandExecutionError: it is there with another type.
    """
    found = read(client, kind, name, wanted)
    if found is None:
        client.post(f"/v1/sys/{kind}/{name}", wanted)
        if kind == "mounts" and wanted["type"] == "kv":
            wait_until_ready(client, name)
    elif found["type"] != wanted["type"]:
        raise CommandExecutionError(
            f"{kind} {name} is of type {found['type']}; expected {wanted['type']}; a mount cannot "
            "change its type: give this one another path, or disable the other by hand"
        )
    else:
        tuned = {"description": wanted["description"], "options": wanted.get("options", {})}
        client.post(f"/v1/sys/{kind}/{name}/tune", {**tuned, **wanted.get("config", {})})


def tuning(made: Mapping[str, Any]) -> dict[str, Any]:
    """
    Give what is sent to make a mount, or to tune one that is there.

    :param made: the mount; as read, overlaid by what is wanted, it has the id that Vault gave it.
    """
    wanted = {key: item for key, item in made.items() if key != "path"}
    if "uuid" not in wanted:
        return wanted
    tuned = {"description": wanted.get("description", ""), **(wanted.get("config") or {})}
    return tuned if not wanted.get("options") else {**tuned, "options": wanted["options"]}


def wait_until_ready(client: Client, name: str) -> None:
    """
    Wait for a new KV engine: one of version 2 refuses requests in its first moment.

    Who may not read the engine's configuration cannot see that, and does not wait.

    :raises CommandExecutionError: it is not ready within 30 seconds.
    """
    path = f"/v1/{quote(name)}/config"
    deadline = time.monotonic() + WITHIN
    while True:
        try:
            client.get(path)
            return
        except (Forbidden, NotFound):
            return
        except (BadRequest, Sealed) as err:
            if time.monotonic() > deadline:
                raise CommandExecutionError(
                    f"mount {name} does not answer {WITHIN:.0f} seconds after it was made; "
                    "expected it to be upgraded to version 2 by then; look at Vault's journal"
                ) from err
        time.sleep(PAUSE)
