"""
Secrets of applications in Vault's KV store: made once, never shown, never changed by Eos again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import kv_secret, sealed, settle, state, terraform_lease
from saltext.eos.utils.http import BadRequest, HttpError, NotFound

if TYPE_CHECKING:
    from saltext.eos.utils.http import Client

    __opts__: dict[str, Any]
    __pillar__: dict[str, Any]

__virtualname__ = "eos_kv"


def __virtual__() -> str:
    return __virtualname__


def generated(
    name: str,
    address: str,
    secret_id: Any,
    kept: dict[str, dict[str, str]],
    copies: dict[str, str] | None = None,
    mount: str = "kv",
    ca_file: str = terraform_lease.CA_FILE,
) -> dict[str, Any]:
    """
    Ensure that secrets exist; what exists already stays as it is.

    name
        Name of the state.

    address
        Address of Vault.

    secret_id
        Secret id of the AppRole ``eos-terraform``.

    kept
        Form of each secret (``password``, ``uuid`` or ``base64:32``), by key, by path below the
        mount.

    copies
        Path that must hold the same as another path, by path: a job reads only its own folder, and
        a database's password has two readers.

    mount
        Path of the KV engine, version 2.

    ca_file
        CA that Vault's certificate must come from.

    Changes name paths and keys; values are never returned.
    """
    test = __opts__["test"]
    changes: dict[str, Any] = {}
    try:
        own = settle.opened(secret_id, __pillar__, __opts__)
        with terraform_lease.session(address, own, ca_file=ca_file) as vault:
            held: dict[str, dict[str, str]] = {}
            for path, forms in sorted(kept.items()):
                held[path], made = _kept(vault, mount, path, forms, test=test)
                changes |= {f"{path} {key}": _made(None) for key in made}
            for path, source in sorted((copies or {}).items()):
                if _copied(vault, mount, path, held[source], test=test):
                    changes[path] = {"old": None, "new": f"a copy of {source}"}
    except (settle.NotYet, terraform_lease.Blocked) as err:
        if not test:
            return state.failed(name, err, changes)
        expected = {path: _made(None) for path in kept}
        return state.changed(
            name, f"Each missing secret {{0}} made; now: {err}", expected, test=True
        )
    except CommandExecutionError as err:
        return state.failed(name, err, changes)
    if not changes:
        return state.unchanged(name, "Every secret")
    return state.changed(name, "Each missing secret {0} made.", changes, test=test)


def _kept(
    vault: Client, mount: str, path: str, forms: dict[str, str], *, test: bool
) -> tuple[dict[str, str], list[str]]:
    """Make the missing keys of one path; a write loses against whoever was first."""
    found, version = _read(vault, mount, path)
    missing = sorted(key for key in forms if not found.get(key))
    if not missing:
        return found, []
    whole = found | {key: sealed.generate(forms[key]) for key in missing}
    if not test:
        _write(vault, mount, path, whole, version)
        if _read(vault, mount, path)[0] != whole:
            raise CommandExecutionError(
                f"{mount}/{path} reads back otherwise than written; expected what Vault accepted; "
                "look for a second writer of this path"
            )
    return whole, missing


def _copied(vault: Client, mount: str, path: str, source: dict[str, str], *, test: bool) -> bool:
    """Bring one path to what another holds; tell whether it differed."""
    found, version = _read(vault, mount, path)
    if found == source:
        return False
    if not test:
        _write(vault, mount, path, source, version)
    return True


def _read(vault: Client, mount: str, path: str) -> tuple[dict[str, str], int]:
    try:
        answer = vault.get(f"/v1/{mount}/data/{path}")["data"]
    except NotFound as err:
        # A deleted version answers 404 too: overwriting it would lose what may be restored.
        metadata = (err.body or {}).get("data") if isinstance(err.body, dict) else None
        if metadata and metadata["metadata"].get("deletion_time"):
            raise CommandExecutionError(
                f"{mount}/{path} was deleted; expected the secret that its application uses; "
                f"{kv_secret.remedy(f'{mount}/{path}', metadata['metadata'])}"
            ) from err
        return {}, 0
    return answer["data"], answer["metadata"]["version"]


def _write(vault: Client, mount: str, path: str, data: dict[str, str], version: int) -> None:
    try:
        vault.post(f"/v1/{mount}/data/{path}", {"data": data, "options": {"cas": version}})
    except BadRequest as err:
        raise CommandExecutionError(
            f"{mount}/{path} was not written: {err}; expected nobody else to write it; apply again"
        ) from err
    except HttpError as err:
        raise CommandExecutionError(f"{mount}/{path} was not written: {err}") from err


def _made(old: Any) -> dict[str, Any]:
    return {"old": old, "new": state.HIDDEN}
