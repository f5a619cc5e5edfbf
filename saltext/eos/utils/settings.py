"""How this minion reaches the servers of its stack."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import consul, nomad, placed, vault
from saltext.eos.utils.advice import Given
from saltext.eos.utils.http import Client
from saltext.eos.utils.mask import plain
from saltext.eos.utils.validate import nearest, show

CA_FILE = "/etc/eos/tls/ca.pem"
TOKEN_HEADERS = {"nomad": "X-Nomad-Token", "consul": "X-Consul-Token", "vault": "X-Vault-Token"}
DEFAULTS = {
    "nomad": "https://127.0.0.1:4646",
    "consul": "https://127.0.0.1:8501",
    "vault": "https://127.0.0.1:8200",
}
OPTIONS = ("address", "ca_file", "token", "token_file")
KEPT = 60.0
LOOPBACK = ("127.0.0.1", "::1", "localhost")
_TOKEN = re.compile(r"[\x21-\x7e]+")
_kept: dict[str, tuple[float, str]] = {}
_CLIENTS: dict[str, type[Client]] = {
    "nomad": nomad.ObjectClient,
    "consul": consul.ObjectClient,
    "vault": vault.ObjectClient,
}


def connect(
    service: str,
    opts: Mapping[str, Any],
    *,
    from_vault: bool = True,
    kind: type[Client] | None = None,
    with_token: bool = True,
) -> Client:
    """
    Give a client for a service.

    Minion option ``eos:connections:<service>`` may set ``address``, ``ca_file`` and where the
    token lies: ``token_file``, a file with the token alone, or ``token`` with one of
    ``{file: path}``, ``{sealed: name}``, ``{vault: {path: path, field: name}}``. There is no
    option for a token itself: options are shown, logged and cached.

    :param from_vault: a token may come from Vault; not so when Vault is what is asked for it.
    :param kind: another client than the service's own.
    :param with_token: what is asked without a token is answered where none is to be had, too.
    :raises CommandExecutionError: an option is wrong, or there is no token at its place.
    """
    chosen = _chosen(service, opts)
    address = _address(service, chosen.get("address", DEFAULTS[service]))
    token = _token(service, chosen, opts, from_vault=from_vault) if with_token else None
    headers = {TOKEN_HEADERS[service]: token} if token else {}
    made = (kind or _CLIENTS[service])(address, chosen.get("ca_file", CA_FILE), headers=headers)
    made.given = Given(f"eos:connections:{service}", _lies(service, chosen) if with_token else None)
    return made


def _lies(service: str, chosen: Mapping[str, Any]) -> str:
    """Say where a token lies, by option and place; empty where none is named."""
    option = next((name for name in ("token_file", "token") if name in chosen), "")
    if not option or chosen[option] is None:
        return ""
    place = {"file": chosen[option]} if option == "token_file" else chosen[option]
    ((by, where),) = place.items()
    said = f"{where['path']}, field {where['field']}" if by == "vault" else where
    return f"eos:connections:{service}:{option} ({by} {said})"


def _opened(place: Any, opts: Mapping[str, Any]) -> str:
    """Open a token's place; one of Vault is asked for once in a minute of this process."""
    if not (isinstance(place, Mapping) and "vault" in place):
        return placed.opened(place, opts)
    known = json.dumps([place, (opts.get("eos") or {}).get("connections")], default=str)
    then, token = _kept.get(known, (0.0, ""))
    now = time.monotonic()
    if not token or now - then > KEPT:
        token = placed.opened(place, opts)
        _kept[known] = (now, token)
    return token


def _chosen(service: str, opts: Mapping[str, Any]) -> Mapping[str, Any]:
    where, found = "eos", plain(opts.get("eos") or {})
    for part in ("connections", service):
        _need_map(where, found)
        where, found = f"{where}:{part}", found.get(part) or {}
    _need_map(where, found)
    for name in found:
        if name not in OPTIONS:
            raise CommandExecutionError(
                f"{where}:{name}: expected one of {', '.join(OPTIONS)}{nearest(name, OPTIONS)}; "
                "found an unknown key"
            )
    return found


def _need_map(where: str, found: Any) -> None:
    if not isinstance(found, Mapping):
        raise CommandExecutionError(
            f"{where}: expected a map; found {placed.kind(found)}, which is not shown"
        )


def _address(service: str, address: Any) -> str:
    """Refuse an address to which a token would go in clear, or that is none."""
    text = address if isinstance(address, str) else ""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    has_more = parts.query or parts.fragment or "@" in parts.netloc
    if is_safe and parts.hostname and port != 0 and not has_more:
        return text
    found = show(address) if "@" not in text else "one with a name or password in it"
    raise CommandExecutionError(
        f"eos:connections:{service}:address: expected https://host:port (http only to this host "
        f"itself: a token would travel in clear); found {found}"
    )


def _token(
    service: str, chosen: Mapping[str, Any], opts: Mapping[str, Any], *, from_vault: bool
) -> str | None:
    where = f"eos:connections:{service}"
    if "token_file" in chosen and "token" in chosen:
        raise CommandExecutionError(
            f"{where} has token and token_file; expected one of them: leave the other out"
        )
    place = {"file": chosen["token_file"]} if "token_file" in chosen else chosen.get("token")
    if place is None:
        return None
    is_vault = isinstance(place, Mapping) and "vault" in place
    if is_vault and (service == "vault" or not from_vault):
        raise CommandExecutionError(
            f"the token of {service} cannot come from Vault, which asks for one itself; expected "
            f"{{file: path}} or {{sealed: name}} at {where}:token"
        )
    try:
        token = _opened(place, opts).strip(" \r\n")
    except CommandExecutionError as err:
        raise CommandExecutionError(f"no token for {service} ({where}): {err}") from err
    if not _TOKEN.fullmatch(token):
        raise CommandExecutionError(
            f"no token for {service} ({where}): what lies at its place has blanks, more than one "
            "line or letters that no token has; expected the token alone; it is not shown"
        )
    return token
