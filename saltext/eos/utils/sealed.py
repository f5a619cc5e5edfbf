"""
Custody ``sealed_file``: secrets on the master, encrypted to a key of this host.

What it protects: copies of ``/var/lib/eos`` (backups, snapshots) tell nothing without
``/etc/eos/custody.key``. What it risks: whoever is root on this host, or the master's user, reads
everything. It is the price of booting unattended; the other custody modes ask a person.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import string
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from salt.exceptions import CommandExecutionError

from saltext.eos.utils import store

KEY = "/etc/eos/custody.key"
_LETTERS = string.ascii_letters + string.digits


def generate(form: str) -> str:
    """
    Make a new secret.

    :param form: ``uuid``, ``base64:<bytes>`` or ``password``.
    :raises CommandExecutionError: another form.
    """
    if form == "uuid":
        return str(uuid.uuid4())
    if form == "password":
        return "".join(secrets.choice(_LETTERS) for _ in range(40))
    kind, _, count = form.partition(":")
    if kind == "base64" and count.isdigit():
        return base64.b64encode(os.urandom(int(count))).decode("ascii")
    raise CommandExecutionError(
        f"secret form {form!r} is unknown; expected uuid, password, base64:32"
    )


def exists(opts: Mapping[str, Any], name: str) -> bool:
    """Tell whether the store holds a secret of that name."""
    return _path(opts, name).exists()


def create(opts: Mapping[str, Any], name: str, value: str) -> None:
    """
    Seal a secret that the store does not hold yet; it is on disk when this returns.

    :raises saltext.eos.utils.store.Exists: the store holds one of that name, which stays.
    """
    store.create(_path(opts, name), store.dump(_seal(opts, name, value)))


def replace(opts: Mapping[str, Any], name: str, value: str) -> None:
    """Seal a secret in the place of an older one (rotation)."""
    store.replace(_path(opts, name), store.dump(_seal(opts, name, value)))


def read(opts: Mapping[str, Any], name: str) -> str | None:
    """
    Open a secret; ``None`` when the store has none of that name.

    :raises CommandExecutionError: it does not open with this host's custody key.
    """
    kept = store.read_json(_path(opts, name))
    if kept is None:
        return None
    try:
        nonce, data = base64.b64decode(kept["nonce"]), base64.b64decode(kept["data"])
        return AESGCM(_key(opts)).decrypt(nonce, data, name.encode()).decode()
    except (InvalidTag, KeyError, ValueError) as err:
        raise CommandExecutionError(
            f"sealed secret {name} does not open with {_key_path(opts)}; expected the key it was "
            "sealed with; restore that key, or the store that belongs to this one"
        ) from err


def require(opts: Mapping[str, Any], name: str) -> str:
    """
    Open a secret that must be there.

    :raises CommandExecutionError: it is not, or does not open.
    """
    value = read(opts, name)
    if value is None:
        raise CommandExecutionError(
            f"secret {name} is not in the store; run `salt-run eos.secrets` first"
        )
    return value


def names(opts: Mapping[str, Any]) -> list[str]:
    """List the names of all secrets in the store."""
    folder = store.home(dict(opts)) / "sealed"
    return sorted(path.stem for path in folder.glob("*.json"))


def mark(opts: Mapping[str, Any], value: str) -> str:
    """Give a keyed digest of a secret: equal for equal values, worthless without the key."""
    return hmac.new(_key(opts), value.encode(), hashlib.sha256).hexdigest()[:32]


def make_key(opts: Mapping[str, Any]) -> bool:
    """Make the custody key where none is; tell whether one was made."""
    path = _key_path(opts)
    if path.exists():
        return False
    try:
        store.create(path, base64.b64encode(os.urandom(32)) + b"\n", 0o400)
    except store.Exists:
        return False
    return True


def has_key(opts: Mapping[str, Any]) -> bool:
    """Tell whether this host has a custody key."""
    return _key_path(opts).exists()


def _seal(opts: Mapping[str, Any], name: str, value: str) -> dict[str, str]:
    nonce = os.urandom(12)
    data = AESGCM(_key(opts)).encrypt(nonce, value.encode(), name.encode())
    return {
        "name": name,
        "nonce": base64.b64encode(nonce).decode("ascii"),
        "data": base64.b64encode(data).decode("ascii"),
    }


def _path(opts: Mapping[str, Any], name: str) -> Path:
    if name == "ca.key":
        return store.home(dict(opts)) / "ca" / "ca.key.sealed"
    return store.within(store.home(dict(opts)) / "sealed", name, ".json")


def _key_path(opts: Mapping[str, Any]) -> Path:
    return Path(str(opts.get("eos_custody_key") or KEY))


def _key(opts: Mapping[str, Any]) -> bytes:
    path = _key_path(opts)
    data = store.read(path)
    if data is None:
        raise CommandExecutionError(
            f"{path} does not exist; expected the custody key of this host; run "
            "`saltext-eos configure-master` as root, it makes one"
        )
    key = base64.b64decode(data)
    if len(key) != 32:
        raise CommandExecutionError(f"{path} is no custody key: expected 32 bytes in base64")
    return key
