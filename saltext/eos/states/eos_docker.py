"""Registries whose certificate comes from a CA of their own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import atomic, mask, state, tls

if TYPE_CHECKING:
    __opts__: dict[str, Any]

__virtualname__ = "eos_docker"


def __virtual__():
    return __virtualname__


def registries(name, registries):
    """
    Let Docker trust a CA for each of these registries, and for nothing else.

    .. code-block:: yaml

        authorities of registries:
          eos_docker.registries:
            - name: /etc/docker/certs.d
            - registries: {"registry.example.org:5000": "-----BEGIN CERTIFICATE-----…"}

    name
        Docker's directory of certificates.

    registries
        CA as PEM, by host and port.
    """
    changes: dict[str, dict[str, Any]] = {}
    wanted = {
        Path(name) / host / "ca.crt": authority.strip() + "\n"
        for host, authority in mask.plain(registries).items()
    }
    try:
        for path, text in wanted.items():
            found = path.read_bytes() if path.exists() else None
            if found == text.encode():
                continue
            new = tls.fingerprint(text.encode())
            changes[str(path)] = {"old": tls.fingerprint(found), "new": new}
            if not __opts__["test"]:
                atomic.write(path, text.encode(), mode=0o644, uid=0, gid=0)
    except (CommandExecutionError, OSError) as err:
        return state.failed(name, err, changes)
    if not changes:
        return state.unchanged(name, "What Docker trusts")
    return state.changed(name, "What Docker trusts {0} written.", changes, test=__opts__["test"])
