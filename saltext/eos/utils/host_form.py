"""What is to run on a host, out of the compiled pillar."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from saltext.eos.utils.tls import CA_FILE, HOME

SERVICES = ("consul", "nomad")


class Token(NamedTuple):
    """
    A token in a file.

    :param service: ``consul`` or ``nomad``, whose it is.
    :param address: where that is asked.
    """

    component: str
    service: str
    address: str


class Form(NamedTuple):
    """
    What this host has to have.

    :param units: systemd unit to its component.
    :param storage: declared directory to the components that keep data there.
    :param certificates: file to its component.
    :param tokens: file to its token.
    :param vault: address of this host's Vault, and its unit; None without one.
    :param authority: file with the CA that servers are known by.
    """

    units: dict[str, str]
    storage: Mapping[str, list[str]] = {}
    certificates: Mapping[str, str] = {}
    tokens: Mapping[str, Token] = {}
    vault: tuple[str, str] | None = None
    authority: str = str(CA_FILE)


NOTHING = Form({})


def digest(form: Form) -> str:
    """Name a form, equal for equal ones."""
    text = json.dumps(form._asdict(), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def of(form: Mapping[str, Any]) -> Form:
    """
    Read what a host's compiled form says of it.

    :param form: ``eos:_compiled`` in plain containers.
    """
    parts = {name: part for name, part in form["components"].items() if "each" not in part}
    storage: dict[str, list[str]] = {}
    for name, part in parts.items():
        for path in part.get("storage") or ():
            storage.setdefault(path, []).append(name)
    authority = ((parts.get("tls") or {}).get("values") or {}).get("ca_file") or str(CA_FILE)
    certificates = {str(HOME / f"{name}.pem"): name for name in parts if "identity" in parts[name]}
    if "tls" in parts:
        certificates[authority] = "tls"
    return Form(
        units={part["unit"]: name for name, part in parts.items() if part.get("unit")},
        storage=storage,
        certificates=certificates,
        tokens={path: token for name, part in parts.items() for path, token in _tokens(name, part)},
        vault=_vault(parts.get("vault") or {}),
        authority=authority,
    )


def _tokens(component: str, part: Mapping[str, Any]) -> list[tuple[str, Token]]:
    """Find the files of tokens, which are named after the service that takes them."""
    derived = part.get("derive") or {}
    states = (part.get("states") or {}).values()
    paths = [*(part.get("files") or {}), *(str((one or {}).get("name")) for one in states)]
    found = []
    for path in paths:
        service, dot, suffix = PurePosixPath(path).name.rpartition(".")
        address = derived.get(service)
        if dot and suffix == "token" and service in SERVICES and isinstance(address, str):
            found.append((path, Token(component, service, address)))
    return found


def _vault(part: Mapping[str, Any]) -> tuple[str, str] | None:
    port = ((part.get("ports") or {}).get("api") or {}).get("port")
    return (f"https://127.0.0.1:{port}", str(part.get("unit"))) if port else None
