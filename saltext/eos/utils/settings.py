"""How this minion reaches the servers of its stack."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils.http import Client
from saltext.eos.utils.mask import plain

CA_FILE = "/etc/eos/tls/ca.pem"
TOKEN_HEADERS = {"nomad": "X-Nomad-Token", "consul": "X-Consul-Token", "vault": "X-Vault-Token"}
DEFAULTS = {
    "nomad": "https://127.0.0.1:4646",
    "consul": "https://127.0.0.1:8501",
    "vault": "https://127.0.0.1:8200",
}


def connect(service: str, opts: Mapping[str, Any]) -> Client:
    """
    Give a client for a service.

    Minion option ``eos:connections:<service>`` may set ``address``, ``ca_file`` and
    ``token_file``, a file with the token alone. There is no option for a token itself: options
    are shown, logged and cached.

    :raises CommandExecutionError: the token's file cannot be read.
    """
    eos = plain(opts.get("eos") or {})
    chosen = (eos.get("connections") or {}).get(service) or {}
    address = chosen.get("address", DEFAULTS[service])
    headers = {}
    if "token_file" in chosen:
        path = Path(chosen["token_file"])
        try:
            headers[TOKEN_HEADERS[service]] = path.read_text("ascii").strip()
        except OSError as err:
            raise CommandExecutionError(
                f"token file {path} of {service} cannot be read: {err.strerror}; expected the "
                f"file that eos:connections:{service}:token_file names"
            ) from err
    return Client(address, chosen.get("ca_file", CA_FILE), headers=headers)
