"""Mounts of Vault: secrets engines and auth methods, in the form in which Vault reports them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils.http import Client, HttpError


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
        _wait_until_mounted(client, kind, name, wanted["type"])
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


def _wait_until_mounted(client: Client, kind: str, name: str, engine: str) -> None:
    """
    Wait for a new mount to answer: a KV of version 2 refuses writes in its first moment.

    :raises CommandExecutionError: it does not answer within 30 seconds.
    """
    if kind != "mounts" or engine != "kv":
        return
    for _ in range(60):
        try:
            client.get(f"/v1/{name}/config")
            return
        except HttpError:
            time.sleep(0.5)
    raise CommandExecutionError(
        f"mount {name} does not answer 30 seconds after it was made; expected it to be upgraded "
        "to version 2 by then; look at Vault's journal"
    )
