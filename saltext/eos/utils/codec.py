"""Between the fields of a resource and the objects that its server speaks, however deep."""

from __future__ import annotations

import base64
import copy
from typing import Any

from saltext.eos.utils import diff, forms

Rows = dict[str, dict[str, Any]]


def to_wire(rows: Rows, values: dict[str, Any], base: dict[str, Any] | None) -> dict[str, Any]:
    """
    Give the object to send: what the server has, overlaid by what is managed.

    :param base: the object as read; an update must keep what is not managed.
    """
    never = [n for n, row in rows.items() if row["diff"] == "write-only"]
    wire: dict[str, Any] = without(rows, base, never) or {}
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


def raw_bytes(row: dict[str, Any], base: dict[str, Any]) -> bytes:
    """Give the bytes of a field as the server has them, text or not."""
    value = _at(base, row["wire"].split("."))
    if value is None:
        return b""
    is_packed = str(row.get("form", "")).endswith("base64")
    return base64.b64decode(str(value)) if is_packed else str(value).encode()


def unread(rows: Rows, base: Any, values: dict[str, Any], path: str = "") -> list[str]:
    """
    Name what the server has and never shows, and ``values`` do not give: to write would lose it.
    """
    found = []
    for name, row in rows.items():
        held = _at(base, row["wire"].partition("[]")[0].split("."))
        value = values.get(name)
        if not held:
            continue
        if row["diff"] == "write-only" and value is None:
            found.append(f"{path}{name}")
        elif row.get("shape") == "object":
            inner = value if isinstance(value, dict) else {}
            found += unread(row["fields"], held, inner, f"{path}{name}:")
    return found


def strange(rows: Rows, values: dict[str, Any], base: Any, path: str = "") -> list[str]:
    """
    Name what no row knows in what would be written anew: to write would lose it.

    What is laid over, and what is sent back as read, loses nothing.
    """
    found = []
    for name, value in values.items():
        wire, is_link, _ = rows[name]["wire"].partition("[]")
        if value is not None and not is_link and not rows[name].get("read_only"):
            found += _lost(rows[name], value, _at(base, wire.split(".")), f"{path}{name}")
    return found


def _lost(row: dict[str, Any], value: Any, base: Any, path: str) -> list[str]:
    shape, rule, item = row.get("shape"), row.get("diff"), row.get("item") or {}
    if shape == "object" and isinstance(base, dict):
        if rule != "whole":
            return strange(row["fields"], value, base, f"{path}:")
        return _unknown(row, base, path) if diff.unlike(row, value, _read(row, base)) else []
    if shape == "map" and isinstance(base, dict):
        both = [name for name in value if name in base]
        if rule != "whole":
            return [x for n in both for x in _lost(item, value[n], base[n], f"{path}:{n}")]
        changed = [n for n in both if not _is_alike(item, value[n], base[n])]
        return [x for n in changed for x in _unknown(item, base[n], f"{path}:{n}")]
    if shape != "list" or not isinstance(base, list) or not item.get("shape"):
        return []
    if isinstance(rule, dict):
        named = {str(_read(item, one).get(rule["by"])): one for one in base}
        pairs = [(one, named.get(str(one.get(rule["by"])))) for one in value]
        return [x for one, raw in pairs for x in _lost(item, one, raw, path)]
    if all(any(_is_alike(item, one, raw) for raw in base) for one in value):
        return []
    left = [raw for raw in base if not any(_is_alike(item, one, raw) for one in value)]
    return [x for raw in left for x in _unknown(item, raw, path)]


def _unknown(row: dict[str, Any], raw: Any, path: str) -> list[str]:
    """Name what a server says and no row knows; an id beside its name is the server's own."""
    shape, item = row.get("shape"), row.get("item") or {}
    if shape == "list" and isinstance(raw, list):
        return [x for one in raw for x in _unknown(item, one, path)]
    if shape == "map" and isinstance(raw, dict):
        return [x for name, one in raw.items() for x in _unknown(item, one, f"{path}:{name}")]
    if shape != "object" or not isinstance(raw, dict):
        return []
    rows = {one["wire"].partition("[]")[0]: (name, one) for name, one in row["fields"].items()}
    heads = {wire.split(".")[0] for wire in rows}
    found = []
    for key, held in raw.items():
        if key in rows:
            name, inner = rows[key]
            found += _unknown(inner, held, f"{path}:{name}") if "[]" not in inner["wire"] else []
        elif key not in heads and f"{key.removesuffix('ID')}Name" not in heads and diff.holds(held):
            found.append(f"{path}:{key}")
    return found


def _is_alike(item: dict[str, Any], value: Any, raw: Any) -> bool:
    return not diff.unlike(item, value, _read(item, raw), whole=True)


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
    rule = row.get("diff")
    is_kept = rule == "whole" and base is not None and not _is_masked(row)
    if is_kept and not diff.unlike(row, value, _read(row, base)):
        # Nothing to change: what no row knows stays as well.
        return copy.deepcopy(base)
    if shape == "object":
        over = isinstance(base, dict) and rule != "whole"
        return to_wire(row["fields"], value, base if over else None)
    item = row.get("item") or {}
    if shape == "map":
        known = base if isinstance(base, dict) else {}
        if rule == "whole":
            kept = {n: _kept(item, one, [known[n]]) for n, one in value.items() if n in known}
            return {n: kept.get(n) or _written(item, one, None) for n, one in value.items()}
        return {name: _written(item, one, known.get(name)) for name, one in value.items()}
    if not isinstance(base, list) or not item.get("shape"):
        return [_written(item, one, None) for one in value]
    by = rule["by"] if isinstance(rule, dict) else None
    if by is None:
        return [_kept(item, one, base) or _written(item, one, None) for one in value]
    named = {str(_read(item, one).get(by)): one for one in base if isinstance(one, dict)}
    return [_written(item, one, named.get(str(one.get(by)))) for one in value]


def _is_masked(row: dict[str, Any]) -> bool:
    """Tell whether the server shows something else than it has, anywhere in a value."""
    inner = [*(row.get("fields") or {}).values(), *filter(None, [row.get("item")])]
    return row.get("diff") == "write-only" or any(map(_is_masked, inner))


def _kept(item: dict[str, Any], value: Any, base: list[Any]) -> Any:
    """Give the server's own item where it is what is wanted, with all that no row knows."""
    return copy.deepcopy(next((one for one in base if _is_alike(item, value, one)), None))


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
