"""Peerings of Consul: what one is, how long it takes, and what its states mean."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import answers, atomic, kv_secret, placed, settings
from saltext.eos.utils.http import Client, HttpError, NotFound

POLL = 0.5
NAME = {
    "type": "string",
    "pattern": "^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$",
    "x-says": (
        "lower-case letters, digits and `-`, at most 64, a letter or digit first and at the end"
    ),
}
META = {"type": "object", "additionalProperties": {"type": "string"}}
ENDED = ("TERMINATED", "DELETING")


def find(client: Client, name: str) -> dict[str, Any] | None:
    """Read a peering; ``None`` when there is none."""
    path = f"/v1/peering/{name}"
    try:
        return answers.mapping(client.get(path), f"GET {path}", "Name", "State")
    except NotFound:
        return None


def shown(found: dict[str, Any]) -> dict[str, Any]:
    """Give what of a peering a person reads."""
    stream, remote = found.get("StreamStatus") or {}, found.get("Remote") or {}
    return {
        "name": found["Name"],
        "state": found["State"],
        "meta": found.get("Meta") or {},
        "id": found.get("ID"),
        "datacenter": remote.get("Datacenter") or None,
        "imported_services": stream.get("ImportedServices") or [],
        "exported_services": stream.get("ExportedServices") or [],
    }


def refuse_other(found: dict[str, Any], meta: dict[str, str] | None) -> None:
    """
    Refuse what a peering cannot become.

    :raises CommandExecutionError: it has ended, or Consul keeps the labels of its beginning.
    """
    name, state = found["Name"], found["State"]
    if state in ENDED:
        raise CommandExecutionError(
            f"peering {name} is {state}: the other cluster has ended it, or it is being deleted; "
            "expected one that works, or none; apply consul_peering.absent, then this again"
        )
    old = found.get("Meta") or {}
    if meta is not None and meta != old:
        raise CommandExecutionError(
            f"peering {name} cannot change meta from {old!r} to {meta!r}: Consul fixes that at "
            "creation; keep the old labels, or delete the peering first, which cuts the traffic "
            "between the clusters"
        )


def token(client: Client, name: str, body: dict[str, Any]) -> str:
    """
    Have a token made, which makes every older one of this peering worthless.

    :raises CommandExecutionError: Consul gives none.
    """
    path = "/v1/peering/token"
    answer = client.post(path, {"PeerName": name, **body})
    made = answers.mapping(answer, f"POST {path}", "PeeringToken")["PeeringToken"]
    if not isinstance(made, str) or not made:
        raise CommandExecutionError(f"POST {path} gave no token; expected one")
    return made


def establish(client: Client, name: str, secret: str, meta: dict[str, str] | None) -> None:
    """
    Give the token of another cluster to this one.

    :raises CommandExecutionError: Consul refuses it; its words are not repeated, because they may
        hold a part of the token.
    """
    body = {"PeerName": name, "PeeringToken": secret, **({"Meta": meta} if meta else {})}
    try:
        client.post("/v1/peering/establish", body)
    except HttpError as err:
        if err.status is None or err.status == 503:
            raise
        raise CommandExecutionError(
            f"Consul refuses the token of peering {name} ({err.status}); expected the newest token "
            "that the other cluster has made, which nobody has used; write a new one there with "
            "consul_peering.token_written"
        ) from None


def wait(client: Client, name: str, within: float) -> str:
    """
    Wait until a peering works.

    :raises CommandExecutionError: it ended, or does not work in time.
    """
    deadline = time.monotonic() + within
    while True:
        found = find(client, name)
        state = found["State"] if found else "absent"
        if state == "ACTIVE":
            return state
        if state in (*ENDED, "absent") or time.monotonic() > deadline:
            raise CommandExecutionError(
                f"peering {name} is {state} after {within:.0f} s; expected ACTIVE; look whether "
                "the servers of the other cluster are reached at the addresses in its token"
            )
        time.sleep(POLL)


def wait_gone(client: Client, name: str, within: float) -> None:
    """
    Wait until a deleted peering is gone.

    :raises CommandExecutionError: it is still there afterwards.
    """
    deadline = time.monotonic() + within
    while find(client, name) is not None:
        if time.monotonic() > deadline:
            raise CommandExecutionError(
                f"peering {name} is still there {within:.0f} s after it was deleted; expected it "
                "to be gone; apply again"
            )
        time.sleep(POLL)


def is_kept(place: dict[str, Any], opts: Mapping[str, Any]) -> bool:
    """
    Tell whether something lies at the place of a token; a place that is none is found here.

    :raises CommandExecutionError: what lies there cannot be read, everybody may read it, or
        nothing can lie there.
    """
    if "file" in place:
        path = Path(place["file"])
        if not path.parent.is_dir():
            raise CommandExecutionError(
                f"{path.parent} is no folder here; expected the folder of the token to be there"
            )
        if not path.exists():
            return False
        placed.opened(place, opts)
        return True
    where = place["vault"]
    held = kv_secret.read(settings.connect("vault", opts, from_vault=False), where["path"])
    return held.fields.get(where["field"]) not in (None, "")


def keep(place: dict[str, Any], secret: str, opts: Mapping[str, Any]) -> None:
    """
    Write a token to its place: a file for its owner alone, or a field in Vault.

    :raises CommandExecutionError: it cannot be written.
    """
    if "file" in place:
        path = Path(place["file"])
        own = {"uid": os.geteuid(), "gid": os.getegid()}
        atomic.write(path, f"{secret}\n".encode(), mode=0o600, **own)
        return
    where = place["vault"]
    client = settings.connect("vault", opts, from_vault=False)
    held = kv_secret.read(client, where["path"])
    kv_secret.write(client, held, held.fields | {where["field"]: secret})
