"""Peerings of Consul: what one is, how long it takes, and what its states mean."""

from __future__ import annotations

import base64
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import answers, atomic, kv_secret, placed, settings
from saltext.eos.utils.http import Client, Forbidden, HttpError, NotFound, words
from saltext.eos.utils.progress import Progress

POLL = 0.5
NAME = {
    "type": "string",
    "pattern": "^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$",
    "x-says": (
        "lower-case letters, digits and `-`, at most 64, a letter or digit first and at the end"
    ),
}
META = {"type": "object", "additionalProperties": {"type": "string"}}
_USED = "a new peering token must be generated"
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
    what = f"GET /v1/peering/{found['Name']}"
    stream, remote = answers.part(found, "StreamStatus", what), answers.part(found, "Remote", what)
    return {
        "name": found["Name"],
        "state": found["State"],
        "meta": found.get("Meta") or {},
        "id": found.get("ID"),
        "datacenter": remote.get("Datacenter") or None,
        "imported_services": stream.get("ImportedServices") or [],
        "exported_services": stream.get("ExportedServices") or [],
    }


def is_used(found: dict[str, Any]) -> bool:
    """
    Tell whether the other cluster has used its token.

    ``ACTIVE`` is reckoned from what the leader has in memory: after another one was elected, or
    while the other cluster is away, Consul says ``PENDING``. What it stores when a token is used is
    where the other cluster is.
    """
    remote = answers.part(found, "Remote", f"GET /v1/peering/{found['Name']}")
    return found["State"] != "PENDING" or bool(remote.get("Datacenter"))


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

    :raises CommandExecutionError: Consul refuses; its words are not repeated, because they may
        hold a part of the token.
    """
    path = "/v1/peering/establish"
    body = {"PeerName": name, "PeeringToken": secret, **({"Meta": meta} if meta else {})}
    try:
        client.post(path, body)
    except HttpError as err:
        if err.status is None or err.status in (429, 503):
            raise answers.unsaid(err, f"POST {path}") from None
        # Consul says 403 of a token that was used, too.
        if isinstance(err, Forbidden) and _USED not in words(err.body):
            raise CommandExecutionError(
                f"POST {path} answered {err.status}: Consul refuses this minion, not the token of "
                f"peering {name}; expected an ACL token at eos:connections:consul that has "
                "`peering:write`"
            ) from None
        raise CommandExecutionError(
            f"Consul cannot use the token of peering {name} ({err.status}); expected the newest "
            "token of the other cluster, which nobody has used, addresses in it at which that "
            "cluster's servers are reached from here, and no token that this cluster itself gave "
            "out under that name; write a new one there with consul_peering.token_written, with "
            "server_external_addresses where need be"
        ) from None


def left_by(client: Client, name: str, old: str | None) -> dict[str, Any]:
    """Give what changed though a peering does not work: Consul keeps what it began."""
    try:
        found = find(client, name)
        new = found["State"] if found else None
    except CommandExecutionError:
        new = "unknown"
    return {} if new == old else {"state": {"old": old, "new": new}}


def wait(client: Client, name: str, within: float) -> str:
    """
    Wait until a peering works.

    :raises CommandExecutionError: it ended, or does not work in time.
    """
    deadline, progress = time.monotonic() + within, Progress(f"peering {name}")
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
        progress.tell(f"it is {state}")
        time.sleep(POLL)


def wait_gone(client: Client, name: str, within: float) -> None:
    """
    Wait until a deleted peering is gone.

    :raises CommandExecutionError: it is still there afterwards.
    """
    deadline, progress = time.monotonic() + within, Progress(f"peering {name}")
    while find(client, name) is not None:
        if time.monotonic() > deadline:
            raise CommandExecutionError(
                f"peering {name} is still there {within:.0f} s after it was deleted; expected it "
                "to be gone; apply again"
            )
        progress.tell("it is still there")
        time.sleep(POLL)


def is_kept(place: dict[str, Any], opts: Mapping[str, Any]) -> bool:
    """
    Tell whether a token lies at its place; a place that is none is found here.

    :raises CommandExecutionError: something else lies there, which would be lost, it cannot be
        read, everybody may read it, or nothing can lie there.
    """
    if "file" in place:
        path = Path(place["file"])
        if not path.parent.is_dir():
            raise MissingFolder(
                f"{path.parent} is no folder here; expected the folder of the token to be there"
            )
        if not (path.exists() or path.is_symlink()):
            return False
        kept: Any = placed.opened(place, opts)
        what = f"file {path}"
    else:
        where = place["vault"]
        held = kv_secret.read(settings.connect("vault", opts, from_vault=False), where["path"])
        kept, what = held.fields.get(where["field"]), f"{where['path']} in Vault"
        if kept in (None, ""):
            return False
    if not _is_token(kept):
        raise CommandExecutionError(
            f"place: expected nothing, or a token of a peering, in {what}; found something else, "
            "which is not shown and would be lost; move it away, or name another place"
        )
    return True


class MissingFolder(CommandExecutionError):
    """The folder of a token is not there; another state may make it before."""


def _is_token(text: Any) -> bool:
    try:
        said = json.loads(base64.b64decode(text, validate=True))
    except (TypeError, ValueError, RecursionError):
        return False
    return isinstance(said, dict) and said.keys() >= {"PeerID", "EstablishmentSecret"}


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
