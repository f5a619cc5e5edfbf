"""
Manage peerings between clusters of Consul.

One cluster makes a token, which is a secret and is written to a place; the other takes it from
where it has been carried to. No function gives a token, and no message holds one.
"""

from __future__ import annotations

from typing import Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import fate, peering, placed, settings, state
from saltext.eos.utils.arguments import PLACE, refuse_wrong
from saltext.eos.utils.mask import plain

__virtualname__ = "consul_peering"

__opts__: dict[str, Any]

_ADDRESS = {
    "type": "string",
    "pattern": r"^[^\s\x00-\x1f\x7f/]{1,253}:[0-9]{1,5}$",
    "x-says": "host:port",
}
_SCHEMAS: dict[str, dict[str, Any]] = {
    "name": peering.NAME,
    "place": PLACE,
    "meta": peering.META,
    "server_external_addresses": {"type": "array", "items": _ADDRESS},
    "within": {"type": "integer", "minimum": 1, "maximum": 3600},
    "token": {
        "type": "object",
        "x-form": "place:text",
        "x-says": "the place of a secret: {file: …}, {sealed: …} or {vault: {path: …, field: …}}",
    },
}


def __virtual__():
    return __virtualname__


def token_written(name, place, meta=None, server_external_addresses=None):
    """
    Ensure that this cluster expects another one, and that the token for it lies at a place.

    .. code-block:: yaml

        east:
          consul_peering.token_written:
            - place:
                file: /var/lib/eos/peering-east
            - meta:
                owner: network

    name
        What this cluster calls the other one.

    place
        Where the token is written: ``{file: path}``, readable by its owner alone, or
        ``{vault: {path: path, field: name}}``, a field of a KV engine.

    meta
        Free labels, fixed at creation.

    server_external_addresses
        Where the other cluster reaches the servers of this one, ``host:port``, when not at their
        own addresses.

    A token is made when there is no peering of that name, and again when nothing lies at its place
    and nobody has used it: every older one is worthless then. Once the peering works, the place may
    be emptied. What lies there and is no token of a peering is never written over.
    """
    test = bool(__opts__.get("test"))
    changes: dict[str, Any] = {}
    try:
        place, meta = plain(place), plain(meta)
        addresses = plain(server_external_addresses)
        given = {"name": name, "place": place, "meta": meta}
        given["server_external_addresses"] = addresses
        refuse_wrong(_SCHEMAS, given, ("name", "place"))
        client = settings.connect("consul", __opts__)
        found = peering.find(client, name)
        if found is not None:
            peering.refuse_other(found, meta)
            if peering.is_used(found):
                return state.unchanged(name, f"Peering {name}")
        note = ""
        try:
            if peering.is_kept(place, __opts__) and found is not None:
                return state.unchanged(name, f"Peering {name}")
        except peering.MissingFolder as err:
            if not test:
                raise
            note = f" Until then: {err}."
        wanted = {} if found else {"state": {"old": None, "new": "PENDING"}}
        wanted["token"] = {"old": None, "new": state.HIDDEN}
        if not test:
            body = {"Meta": meta} if meta else {}
            body |= {"ServerExternalAddresses": addresses} if addresses else {}
            begun = {field: both for field, both in wanted.items() if field == "state"}
            with fate.told(f"peering {name}", "begun", begun, lambda: _open(client, name, begun)):
                secret = peering.token(client, name, body)
            changes = begun
            peering.keep(place, secret, __opts__)
    except CommandExecutionError as err:
        return state.failed(str(name)[:120], err, changes)
    comment = f"The token of peering {name} {{}} written.{note}"
    return state.changed(name, comment, wanted, test=test)


def established(name, token, meta=None, within=60):
    """
    Ensure that this cluster is joined to another one, and that the peering works.

    .. code-block:: yaml

        west:
          consul_peering.established:
            - token:
                file: /var/lib/eos/peering-token

    name
        What this cluster calls the other one.

    token
        Where the token lies that the other cluster has made: ``{file: path}``, ``{sealed: name}``
        or ``{vault: {path: path, field: name}}``. It is read until it was used: when there is no
        peering yet, and when one is ``PENDING`` because an earlier token could not be used.

    meta
        Free labels, fixed at creation.

    within
        How long to wait until it works, in seconds.
    """
    test = bool(__opts__.get("test"))
    changes: dict[str, Any] = {}
    try:
        token, meta = plain(token), plain(meta)
        given = {"name": name, "token": token, "meta": meta, "within": within}
        refuse_wrong(_SCHEMAS, given, ("name", "token", "within"))
        client = settings.connect("consul", __opts__)
        found = peering.find(client, name)
        old = found["State"] if found else None
        if found is not None:
            peering.refuse_other(found, meta)
        # Consul begins before it exchanges the token, and is PENDING until that has succeeded.
        if old not in (None, "PENDING"):
            if test and old != "ACTIVE":
                said = f"Peering {name} is {old}; it would have been waited for."
                return state.result(name, None, said)
            peering.wait(client, name, within)
            return state.unchanged(name, f"Peering {name}")
        secret = placed.opened(token, __opts__)
        wanted = {"state": {"old": old, "new": "ACTIVE"}}
        if meta and found is None:
            wanted["meta"] = {"old": None, "new": meta}
        if not test:
            kept = (found or {}).get("Meta")
            try:
                peering.establish(client, name, secret, meta or kept)
                peering.wait(client, name, within)
            except CommandExecutionError:
                changes = peering.left_by(client, name, old)
                raise
    except CommandExecutionError as err:
        return state.failed(str(name)[:120], err, changes)
    return state.changed(name, f"Peering {name} {{}} established.", wanted, test=test)


def absent(name, within=60):
    """
    Ensure that this cluster is not joined to another one; traffic between the two ends.

    .. code-block:: yaml

        west:
          consul_peering.absent: []

    name
        What this cluster calls the other one.

    within
        How long to wait until it is gone, in seconds.
    """
    test = bool(__opts__.get("test"))
    changes: dict[str, Any] = {}
    try:
        refuse_wrong(_SCHEMAS, {"name": name, "within": within}, ("name", "within"))
        client = settings.connect("consul", __opts__)
        found = peering.find(client, name)
        if found is None:
            return state.result(name, True, f"Peering {name} is already absent.")
        wanted = {"state": {"old": found["State"], "new": None}}
        if not test:
            # It goes by way of DELETING; until it is seen to be gone, that is all there is to say.
            going = {"state": {**wanted["state"], "new": "DELETING"}}
            going = {} if found["State"] == "DELETING" else going
            with fate.told(f"peering {name}", "deleted", going, lambda: _alive(client, name)):
                client.delete(f"/v1/peering/{name}")
            changes = going
            peering.wait_gone(client, name, within)
    except CommandExecutionError as err:
        return state.failed(str(name)[:120], err, changes)
    return state.changed(name, f"Peering {name} {{}} deleted.", wanted, test=test)


def _open(client: Any, name: str, wanted: dict[str, Any]) -> dict[str, Any]:
    """Ask Consul what of a peering is not begun."""
    return wanted if peering.find(client, name) is None else {}


def _alive(client: Any, name: str) -> dict[str, Any]:
    """Ask Consul what of a peering is left; one that ends by itself is deleted."""
    found = peering.find(client, name)
    if found is None or found["State"] == "DELETING":
        return {}
    return {"state": {"old": found["State"], "new": None}}
