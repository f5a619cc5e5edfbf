#!/usr/bin/env python3
"""
Keep ``eos_gate_vault`` of this Nomad client equal to what Vault says of itself.

Jobs that need Vault are constrained on ``${meta.eos_gate_vault} = open``. The gate is closed as
soon as Vault is sealed or silent, so that nothing is placed that could not get its secrets, and
opened when Vault serves again. It needs Nomad's API on this host and nothing of Salt.

The Nomad token comes from Vault and is kept in the unit's state directory, because the gate has
to be closed exactly when Vault cannot be asked.
"""

from __future__ import annotations

import json
import os
import ssl
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

PAUSE = 5.0
TIMEOUT = 5.0
META = "eos_gate_vault"
RENEW_AFTER = 1200


class Refused(Exception):
    """A server answered, but not with what was asked for."""


def ask(
    tls: ssl.SSLContext, method: str, url: str, header: tuple[str, str] | None, body: Any = None
) -> Any:
    """Send one request; the answer is parsed JSON, or ``None`` when it is empty."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"} | (dict([header]) if header else {})
    request = urllib.request.Request(url, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT, context=tls) as answer:
            text = answer.read()
    except urllib.error.HTTPError as err:
        raise Refused(f"{method} {url} answered {err.code}") from err
    return json.loads(text) if text.strip() else None


def is_open(tls: ssl.SSLContext, vault: str) -> bool:
    """Tell whether Vault serves; sealed, silent and not initialised are all closed."""
    try:
        ask(tls, "GET", f"{vault}/v1/sys/health?standbyok=true", None)
    except (Refused, OSError, ValueError):
        return False
    return True


def fresh_token(tls: ssl.SSLContext, config: dict[str, str]) -> str:
    """Log in to Vault and get a Nomad token that may write node metadata."""
    login = {"role_id": config["role_id"], "secret_id": config["secret_id"]}
    answer = ask(tls, "POST", f"{config['vault']}/v1/auth/approle/login", None, login)
    header = ("X-Vault-Token", answer["auth"]["client_token"])
    return str(
        ask(tls, "GET", f"{config['vault']}/v1/nomad/creds/gate", header)["data"]["secret_id"]
    )


def token(tls: ssl.SSLContext, config: dict[str, str], kept: Path, renew: bool) -> str | None:
    """Give a Nomad token: a fresh one while Vault serves, otherwise the kept one."""
    age = time.time() - kept.stat().st_mtime if kept.exists() else None
    if renew or age is None or age > RENEW_AFTER:
        try:
            found = fresh_token(tls, config)
        except (Refused, OSError, ValueError, KeyError) as err:
            print(f"no fresh Nomad token from Vault: {err}", flush=True)
        else:
            staged = kept.with_suffix(".new")
            handle = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(found)
            staged.replace(kept)
    return kept.read_text() if kept.exists() else None


def settle(tls: ssl.SSLContext, config: dict[str, str], kept: Path, renew: bool) -> str:
    """Bring the metadata to Vault's state once, and say what it is now."""
    wanted = "open" if is_open(tls, config["vault"]) else "closed"
    own = token(tls, config, kept, renew and wanted == "open")
    if own is None:
        return "without a Nomad token"
    header = ("X-Nomad-Token", own)
    url = f"{config['nomad']}/v1/client/metadata"
    if (ask(tls, "GET", url, header)["Meta"] or {}).get(META) != wanted:
        ask(tls, "POST", url, header, {"Meta": {META: wanted}})
    return wanted


def main(path: str) -> None:
    """Loop for ever; every failure is said once, and tried again."""
    config = json.loads(Path(path).read_text())
    kept = Path(os.environ.get("STATE_DIRECTORY", "/var/lib/eos-gate-vault")) / "nomad-token"
    tls = ssl.create_default_context(cafile=config["ca_file"])
    said, renew = "", False
    while True:
        try:
            now, renew = settle(tls, config, kept, renew), False
        except Refused as err:
            now, renew = str(err), True
        except (OSError, ValueError, KeyError) as err:
            now = f"Nomad cannot be asked: {err}"
        if now != said:
            print(f"{META}: {now}", flush=True)
            said = now
        time.sleep(PAUSE)


if __name__ == "__main__":
    main(sys.argv[1])
