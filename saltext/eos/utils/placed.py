"""Secrets named by the place where they lie: a file, the sealed store, or Vault."""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import secret
from saltext.eos.utils.http import Forbidden, NotFound, words
from saltext.eos.utils.mask import plain

PLACES = "{file: path}, {sealed: name} or {vault: {path: path, field: name}}"
LARGEST = 64 * 1024
_UNSEEN = "preflight capability check"
_PATH = re.compile(r"[^\x00-\x1f\x7f]{1,512}")


def opened(place: Any, opts: Mapping[str, Any]) -> str:
    """
    Give the secret that lies at a place; never show, log or store it.

    :param place: ``{file: path}``, ``{sealed: name}`` or ``{vault: {path, field}}``.
    :param opts: the minion's options: key, pillar and connections.
    :raises CommandExecutionError: it is no place, or nothing can be read there. What is said never
        holds what was found.
    """
    place = plain(place)
    if not isinstance(place, Mapping) or len(place) != 1:
        raise CommandExecutionError(
            f"a secret is given by its place; expected {PLACES}; found {kind(place)}"
        )
    ((by, where),) = place.items()
    if by == "file" and isinstance(where, str):
        return from_file(where)
    if by == "sealed" and isinstance(where, str):
        return secret.open_one(where, opts.get("pillar") or {}, opts)
    if by == "vault" and isinstance(where, Mapping) and where.keys() == {"path", "field"}:
        return _from_vault(str(where["path"]), str(where["field"]), opts)
    raise CommandExecutionError(
        f"a secret is given by its place; expected {PLACES}; found a place by {by!r}"
    )


def from_file(name: str) -> str:
    """
    Give the one secret of a file, without the line break at its end.

    :raises CommandExecutionError: it cannot be read, is empty, or everybody may read it.
    """
    path = Path(name)
    try:
        found = path.stat()
        text = path.read_text("utf-8") if stat.S_ISREG(found.st_mode) else ""
    except (OSError, ValueError) as err:
        cause = err.strerror if isinstance(err, OSError) else "it is not text"
        raise CommandExecutionError(
            f"the secret in file {path} cannot be read: {cause}; expected a file with it alone"
        ) from None
    if found.st_mode & stat.S_IRWXO:
        raise CommandExecutionError(
            f"the secret in file {path} may be read by everybody; expected mode 0600 or 0640"
        )
    text = text.removesuffix("\n").removesuffix("\r")
    if not text or len(text) > LARGEST:
        raise CommandExecutionError(
            f"file {path} holds no secret; expected a file with up to {LARGEST} bytes of text"
        )
    return text


def _from_vault(path: str, field: str, opts: Mapping[str, Any]) -> str:
    from saltext.eos.utils import settings  # noqa: PLC0415 - a token of Vault may be a file's

    client = settings.connect("vault", opts, from_vault=False)
    found = read_kv(client, path).get(field)
    if not isinstance(found, str) or not found:
        raise CommandExecutionError(
            f"Vault has no text in field {field!r} of {path}; expected the secret there"
        )
    return found


def read_kv(client: Any, path: str) -> dict[str, Any]:
    """
    Read a secret of a KV engine, whichever of its two versions it is.

    :param path: from the mount on, such as ``kv/app/database``.
    :raises HttpError: Vault does not answer, or refuses.
    """
    if not _PATH.fullmatch(path) or {"", ".", ".."} & set(path.split("/")):
        raise CommandExecutionError(
            "the path of a secret in Vault: expected text with `/` between its parts, none of them "
            f"empty, `.` or `..`; found {path!r:.100}"
        )
    mount = _map(path, _mount(client, path))
    engine = str(mount.get("path", ""))
    if _map(path, mount.get("options") or {}).get("version") == "2":
        inner = f"/v1/{quote(engine)}data/{quote(path.removeprefix(engine))}"
        return _map(path, _map(path, _held(client, path, inner)).get("data") or {})
    return _map(path, _held(client, path, f"/v1/{quote(path)}"))


def _mount(client: Any, path: str) -> Any:
    """Look up the engine of a path; to Vault no engine and no right to see it are the same."""
    try:
        return client.get(f"/v1/sys/internal/ui/mounts/{quote(path)}")
    except Forbidden as err:
        if _UNSEEN not in words(err.body):
            raise
        raise Forbidden(
            f"Vault at {client.base_url} shows no engine that holds {path}: {words(err.body)[:300]}"
            f"; expected a mount at {path.partition('/')[0]}/, or at a longer part of that path, "
            "and a token that may read the secret; look at `vault secrets list`, then at the "
            "policies of the token",
            method=err.method, path=err.path, status=err.status, body=None,
        ) from None  # fmt: skip


def _held(client: Any, path: str, url: str) -> Any:
    """Read what an engine holds at a path; a deleted version of a secret is none, too."""
    try:
        return client.get(url)
    except NotFound as err:
        how = "its newest version was deleted" if "deletion_time" in words(err.body) else "404"
        raise NotFound(
            f"there is no secret at {path} in Vault at {client.base_url} ({how}); expected the "
            "secret there; mend the path of its place, or write it to Vault first",
            method=err.method, path=err.path, status=err.status, body=None,
        ) from None  # fmt: skip


def _map(path: str, found: Any) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise CommandExecutionError(
            f"Vault answered {kind(found)} of {path}; expected a map; see what answers at its "
            "address"
        )
    return found


def kind(value: Any) -> str:
    """Say what was found without a word of it: it may be the secret itself."""
    names = {str: "text", bool: "true or false", int: "a number", list: "a list", dict: "a map"}
    return names.get(type(value), "nothing" if value is None else type(value).__name__)
