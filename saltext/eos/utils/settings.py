"""How this minion reaches the servers of its stack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import consul, nomad, placed, vault
from saltext.eos.utils.http import Client
from saltext.eos.utils.mask import plain

CA_FILE = "/etc/eos/tls/ca.pem"
TOKEN_HEADERS = {"nomad": "X-Nomad-Token", "consul": "X-Consul-Token", "vault": "X-Vault-Token"}
DEFAULTS = {
    "nomad": "https://127.0.0.1:4646",
    "consul": "https://127.0.0.1:8501",
    "vault": "https://127.0.0.1:8200",
}
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
) -> Client:
    """
    Give a client for a service.

    Minion option ``eos:connections:<service>`` may set ``address``, ``ca_file`` and where the
    token lies: ``token_file``, a file with the token alone, or ``token`` with one of
    ``{file: path}``, ``{sealed: name}``, ``{vault: {path: path, field: name}}``. There is no
    option for a token itself: options are shown, logged and cached.

    :param from_vault: a token may come from Vault; not so when Vault is what is asked for it.
    :param kind: another client than the service's own.
    :raises CommandExecutionError: there is no token at its place.
    """
    eos = plain(opts.get("eos") or {})
    chosen = (eos.get("connections") or {}).get(service) or {}
    address = chosen.get("address", DEFAULTS[service])
    token = _token(service, chosen, opts, from_vault=from_vault)
    headers = {TOKEN_HEADERS[service]: token} if token else {}
    return (kind or _CLIENTS[service])(address, chosen.get("ca_file", CA_FILE), headers=headers)


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
        return placed.opened(place, opts).strip()
    except CommandExecutionError as err:
        raise CommandExecutionError(f"no token for {service} ({where}): {err}") from err
