"""What the server under the law is too old for, by the versions that the declarations name."""

from __future__ import annotations

import re
from typing import Any


def numbers(version: str) -> tuple[int, ...]:
    """Give a version as numbers, so that 1.9 is less than 1.10."""
    return tuple(map(int, re.split(r"[+-]", version)[0].split(".")))


def dated(rows: dict[str, Any], path: tuple[str, ...] = ()) -> dict[tuple[str, ...], str]:
    """Give each field with a version: where it stands, through lists and maps, and the version."""
    found = {}
    for name, row in rows.items():
        here, inner = (*path, name), (row.get("item") or row).get("fields") or {}
        found |= {here: row["since"]} if "since" in row else {}
        found |= dated(inner, here)
    return found


def known(rows: dict[str, Any], values: Any, release: str) -> tuple[Any, list[str]]:
    """Give values without what this release does not know, and what the state says of it."""
    told: list[str] = []

    def kept(value: Any, inner: dict[str, Any], path: tuple[str, ...]) -> Any:
        if isinstance(value, list):
            return [kept(one, inner, path) for one in value]
        if not isinstance(value, dict) or not inner:
            return value
        left = {}
        for name, one in value.items():
            row = inner.get(name) or {}
            is_new = "since" in row and numbers(release) < numbers(row["since"])
            if is_new and one not in (None, row.get("default")):
                said = f"{':'.join((*path, name))} is left out: it needs {row['since']}, "
                told.append(f"{said}the server has {release}.")
            elif row.get("shape") == "map" and isinstance(one, dict):
                fields = (row.get("item") or {}).get("fields") or {}
                left[name] = {key: kept(v, fields, (*path, name)) for key, v in one.items()}
            else:
                fields = (row.get("item") or row).get("fields") or {}
                left[name] = kept(one, fields, (*path, name))
        return left

    return kept(values, rows, ()), list(dict.fromkeys(told))


def can_drift(
    rows: dict[str, Any], desired: dict[str, Any], drift: dict[str, Any], release: str
) -> bool:
    """Tell whether a server can drift so: what it does not know cannot be other than wanted."""
    return known(rows, {**desired, **drift}, release)[0] != known(rows, desired, release)[0]
