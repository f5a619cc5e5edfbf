"""One secret of a KV engine of Vault, whichever of its two versions: read, and written in swaps."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import answers
from saltext.eos.utils.arguments import SLASHED
from saltext.eos.utils.http import BadRequest, Client, Conflict, HttpError, NotFound

PATH = {
    "type": "string",
    "pattern": SLASHED["pattern"].replace("^", "^(?=[^/]+/)", 1),
    "x-says": f"the path of a secret from its mount on: {SLASHED['x-says']}, at least two parts",
}
_LOST = "check-and-set parameter did not match"


@dataclass(frozen=True)
class Held:
    """
    What Vault has at a path.

    :param fields: empty when there is nothing.
    :param version: what a swap must name; ``None`` in an engine of version 1, which has no swaps.
    """

    path: str
    url: str
    fields: dict[str, Any]
    version: int | None


def read(client: Client, path: str) -> Held:
    """
    Read a secret by its path from the mount on, such as ``kv/app/database``.

    :raises CommandExecutionError: its newest version was deleted, or Vault refuses.
    """
    whole = quote(path, safe="/")
    where = f"/v1/sys/internal/ui/mounts/{whole}"
    mount = answers.mapping(client.get(where), f"GET {where}", "path", "type")
    engine = str(mount["path"])
    if not path.startswith(engine):
        raise CommandExecutionError(
            f"{path} is the engine itself; expected the path of a secret below {engine}"
        )
    if mount["type"] not in ("kv", "generic"):
        raise CommandExecutionError(
            f"{path} lies in an engine {mount.get('type')}; expected one of type kv"
        )
    if answers.part(mount, "options", f"GET {where}").get("version") != "2":
        url = f"/v1/{whole}"
        return Held(path, url, _fields(client, url), None)
    url = f"/v1/{engine}data/{quote(path.removeprefix(engine), safe='/')}"
    try:
        found = answers.mapping(client.get(url), f"GET {url}", "data", "metadata")
    except NotFound as err:
        _refuse_deleted(path, err)
        return Held(path, url, {}, 0)
    version = answers.part(found, "metadata", f"GET {url}").get("version")
    if not isinstance(version, int) or isinstance(version, bool):
        raise CommandExecutionError(
            f"GET {url} tells no version; expected one, because the engine has them; look for "
            "something else at that address"
        )
    return Held(path, url, answers.part(found, "data", f"GET {url}"), version)


def write(client: Client, held: Held, fields: dict[str, Any]) -> None:
    """
    Write the whole of a secret in the place of what was read.

    :raises Conflict: another has written since; only an engine of version 2 tells.
    :raises HttpError: Vault refuses; its words are not repeated.
    """
    swap = {"data": fields, "options": {"cas": held.version}}
    try:
        client.post(held.url, fields if held.version is None else swap)
    except HttpError as err:
        said = err.body.get("errors") if isinstance(err.body, dict) else None
        is_lost = isinstance(said, list) and said and str(said[0]).startswith(_LOST)
        if is_lost and isinstance(err, BadRequest) and held.version is not None:
            raise Conflict(
                f"{held.path}: another has written meanwhile",
                method="POST", path=held.url, status=err.status, body=None,
            ) from None  # fmt: skip
        raise answers.unsaid(err, f"POST {held.url}") from None


def _fields(client: Client, url: str) -> dict[str, Any]:
    try:
        return answers.mapping(client.get(url), f"GET {url}")
    except NotFound:
        return {}


def _refuse_deleted(path: str, err: NotFound) -> None:
    """A deleted version answers 404, too: writing over it would lose what may be restored."""
    body = err.body if isinstance(err.body, dict) else {}
    where = f"the answer about {path}"
    known = answers.part(answers.part(body, "data", where), "metadata", where)
    if known.get("deletion_time") or known.get("destroyed"):
        raise CommandExecutionError(
            f"{path} was deleted; expected the secret that is in use; {remedy(path, known)}"
        ) from err


def remedy(path: str, known: Mapping[str, Any]) -> str:
    """
    Say by which command a deleted secret comes back, and by which a new one is made.

    :param path: from the mount on.
    :param known: the metadata of the deleted version.
    """
    number = known.get("version")
    which = number if isinstance(number, int) else "N"
    name = shlex.quote(path)
    # Of a destroyed version Vault has nothing left but the number.
    back = f"restore it with `vault kv undelete -versions={which} {name}`"
    if known.get("destroyed"):
        back = "it is destroyed, so write it again"
    return f"{back}, or run `vault kv metadata delete {name}` to have a new one made"
