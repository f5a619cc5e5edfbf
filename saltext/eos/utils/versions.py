"""What version a server has, and which fields it is too old for."""

from __future__ import annotations

import logging
import re
import time
from typing import Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils.http import Client, Forbidden, HttpError

log = logging.getLogger(__name__)

KEPT = 60.0
OLDEST = {"nomad": "1.10", "consul": "1.20"}
"""The oldest servers that are supported: every resource is tested on them and on the newest."""
# What an older server answers that does not know what it is asked for.
_STRANGE = (400, 404, 405, 501)
_VERSION = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?")
_known: dict[str, tuple[float, str]] = {}
_logged: set[tuple[str, str]] = set()


def left_out(client: Client, rows: dict[str, Any], desired: dict[str, Any]) -> list[str]:
    """
    Take out of ``desired`` what the server does not know yet, and say it.

    The server is asked only when such a field is wanted, and once in a minute.

    :return: a note for each field that was taken out.
    """
    wanted = list(_wanted(rows, desired, ()))
    if not wanted:
        return []
    try:
        version = _version(client)
    except Forbidden as err:
        raise _unread(wanted, err) from err
    notes: dict[str, None] = {}
    for path, since, holder, name in wanted:
        if parts(version) < parts(since):
            del holder[name]
            note = f"{':'.join(path)} is left out: it needs {since}, the server has {version}"
            notes[note] = None
    # A function has no comment to say it in.
    for note in [one for one in notes if (client.base_url, one) not in _logged]:
        log.warning("%s: %s", client.base_url, note)
        _logged.add((client.base_url, note))
    return list(notes)


def too_old(service: str, client: Client, err: Exception) -> str:
    """
    Say that a server is older than is supported, when that may be why something went wrong.

    :param err: what went wrong; a server that is asked for what it does not know says that there is
        no such thing, or keeps nothing of it.
    :return: empty when it is not, or nobody knows.
    """
    is_strange = isinstance(err, HttpError) and err.status in _STRANGE
    if service not in OLDEST or not (is_strange or getattr(err, "changes", None)):
        return ""
    try:
        version = _version(client)
    except CommandExecutionError:
        return ""
    if parts(version) >= parts(OLDEST[service]):
        return ""
    said = f"the server has {version}; expected {OLDEST[service]} or newer, which Eos supports"
    return f"; {said}: update the server"


def parts(version: str) -> tuple[int, ...]:
    """Give the numbers of a version, such as ``1.21.0`` of ``v1.21.0+ent``."""
    numbers = _VERSION.match(version)
    return tuple(int(one or 0) for one in numbers.groups()) if numbers else (0, 0, 0)


def _wanted(rows: dict[str, Any], value: dict[str, Any], path: tuple[str, ...]) -> Any:
    """Find every set field with a version, and where it stands."""
    for name, one in list(value.items()):
        row = rows.get(name) or {}
        if one is None or one == row.get("default"):
            continue
        here = (*path, name)
        if "since" in row:
            yield here, row["since"], value, name
        held = [one]
        if row.get("shape") in ("list", "map"):
            several = list(one.values()) if isinstance(one, dict) else one
            held = several if isinstance(several, list) else []
            row = row.get("item") or {}
        for inner in held:
            if row.get("fields") and isinstance(inner, dict):
                yield from _wanted(row["fields"], inner, here)


def _unread(wanted: list[Any], err: Forbidden) -> CommandExecutionError:
    """Say what a token lacks: whether the server knows a field cannot be told without."""
    fields = {f"{':'.join(path)} needs {since}" for path, since, _, _ in wanted}
    return CommandExecutionError(
        f"{', '.join(sorted(fields))}, and the server does not tell this token its version: {err}; "
        "expected a token with agent:read; give it that, or leave the field out"
    )


def _said(client: Any) -> str:
    try:
        said = str(client.version())
    except (KeyError, TypeError):
        said = ""
    if not _VERSION.match(said):
        raise CommandExecutionError(
            f"{client.base_url} does not say its version; expected the server's own answer"
        )
    return said


def _version(client: Any) -> str:
    now = time.monotonic()
    kept = _known.get(client.base_url)
    if kept is None or now - kept[0] > KEPT:
        kept = (now, _said(client))
        _known[client.base_url] = kept
    return kept[1]
