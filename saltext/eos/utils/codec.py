"""Between the fields of a resource and the objects that its server speaks, however deep."""

from __future__ import annotations

import copy
from typing import Any

from saltext.eos.utils import forms

Rows = dict[str, dict[str, Any]]


def to_wire(rows: Rows, values: dict[str, Any], base: dict[str, Any] | None) -> dict[str, Any]:
    """
    Give the object to send: what the server has, overlaid by what is managed.

    :param base: the object as read; an update must keep what is not managed.
    """
    unread = [n for n, row in rows.items() if row["diff"] == "write-only"]
    wire: dict[str, Any] = without(rows, base, unread) or {}
    for name, value in values.items():
        row = rows[name]
        if value is None or row.get("read_only"):
            continue
        path, _, inner = row["wire"].partition("[]")
        *folders, last = path.split(".")
        place = wire
        for folder in folders:
            found = place.get(folder)
            place[folder] = found if isinstance(found, dict) else {}
            place = place[folder]
        if inner:
            place[last] = [_inside(inner[1:].split("."), one) for one in value]
        else:
            place[last] = _written(row, value, place.get(last))
    return wire


def without(rows: Rows, base: dict[str, Any] | None, names: list[str]) -> dict[str, Any] | None:
    """Copy an object without some of its fields, such as what a server shows for a secret."""
    wire = copy.deepcopy(base)
    for name in names:
        *folders, last = rows[name]["wire"].partition("[]")[0].split(".")
        place = _at(wire, folders)
        if isinstance(place, dict):
            place.pop(last, None)
    return wire


def from_wire(rows: Rows, wire: dict[str, Any]) -> dict[str, Any]:
    """Give the fields of an object as read; ``None`` where the server says nothing."""
    fields = {}
    for name, row in rows.items():
        path, _, inner = row["wire"].partition("[]")
        value = _at(wire, path.split("."))
        if inner and isinstance(value, list):
            value = [_at(one, inner[1:].split(".")) for one in value]
        fields[name] = _read(row, value)
    return fields


def _written(row: dict[str, Any], value: Any, base: Any) -> Any:
    shape = row.get("shape")
    if value is None or shape is None:
        return forms.encoded(row, value)
    if shape == "object":
        over = isinstance(base, dict) and row.get("diff") != "whole"
        return to_wire(row["fields"], value, base if over else None)
    item = row.get("item") or {}
    if shape == "map":
        known = base if isinstance(base, dict) and row.get("diff") != "whole" else {}
        return {name: _written(item, one, known.get(name)) for name, one in value.items()}
    rule = row.get("diff")
    by = rule["by"] if isinstance(rule, dict) else None
    if by is None or not isinstance(base, list):
        return [_written(item, one, None) for one in value]
    known = {str(_read(item, one).get(by)): one for one in base if isinstance(one, dict)}
    return [_written(item, one, known.get(str(one.get(by)))) for one in value]


def _read(row: dict[str, Any], value: Any) -> Any:
    shape = row.get("shape")
    if value is None or shape is None:
        return forms.decoded(row, value)
    if shape == "object":
        return from_wire(row["fields"], value) if isinstance(value, dict) else value
    item = row.get("item") or {}
    if shape == "map" and isinstance(value, dict):
        return {name: _read(item, one) for name, one in value.items()}
    return [_read(item, one) for one in value] if isinstance(value, list) else value


def _at(wire: Any, path: list[str]) -> Any:
    for part in path:
        wire = wire.get(part) if isinstance(wire, dict) else None
    return wire


def _inside(path: list[str], value: Any) -> Any:
    for part in reversed(path):
        value = {part: value}
    return value
