"""What version a server has, and which fields it is too old for."""

from __future__ import annotations

import re
import time
from typing import Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils.http import Client

KEPT = 60.0
_known: dict[str, tuple[float, str]] = {}


def left_out(client: Client, rows: dict[str, Any], desired: dict[str, Any]) -> list[str]:
    """
    Take out of ``desired`` what the server does not know yet, and say it.

    The server is asked only when such a field is wanted, and once in a minute.

    :return: a note for each field that was taken out.
    """
    wanted = list(_wanted(rows, desired, ()))
    if not wanted:
        return []
    version = _version(client)
    notes = []
    for path, since, holder, name in wanted:
        if parts(version) < parts(since):
            del holder[name]
            notes.append(
                f"{':'.join(path)} is left out: it needs {since}, the server has {version}"
            )
    return notes


def parts(version: str) -> tuple[int, ...]:
    """Give the numbers of a version, such as ``1.21.0`` of ``v1.21.0+ent``."""
    numbers = re.match(r"v?(\d+)\.(\d+)(?:\.(\d+))?", version)
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
            held = list(one.values()) if isinstance(one, dict) else one
            row = row.get("item") or {}
        for inner in held:
            if row.get("fields") and isinstance(inner, dict):
                yield from _wanted(row["fields"], inner, here)


def _said(client: Any) -> str:
    try:
        return str(client.version())
    except (KeyError, TypeError) as err:
        raise CommandExecutionError(
            f"{client.base_url} does not say its version; expected the server's own answer"
        ) from err


def _version(client: Any) -> str:
    now = time.monotonic()
    kept = _known.get(client.base_url)
    if kept is None or now - kept[0] > KEPT:
        kept = (now, _said(client))
        _known[client.base_url] = kept
    return kept[1]
