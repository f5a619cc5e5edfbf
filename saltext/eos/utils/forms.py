"""
One value in its three forms: as a caller spells it, as Eos compares it, as the server writes it.

Each function takes a row of a resource's table and walks into what the value holds.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any

from saltext.eos.utils import diff

Row = dict[str, Any]
Opener = Callable[[Any], str]
SECOND = 10**9
_UNITS = {"h": 3600 * SECOND, "m": 60 * SECOND, "s": SECOND, "ms": 10**6, "us": 10**3, "ns": 1}


def spelled(row: Row, value: Any) -> Any:
    """
    Give what a caller wrote as its schema has it.

    A list of texts may be one text with commas; inside an object a default is filled in.
    """
    if row.get("texts") and isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    if row.get("shape") == "object" and isinstance(value, dict):
        rows = row["fields"]
        filled = {n: one["default"] for n, one in rows.items() if "default" in one} | value
        return {n: spelled(rows[n], one) if n in rows else one for n, one in filled.items()}
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return _each(row, value, spelled)


def settled(row: Row, value: Any, opener: Opener) -> Any:
    """
    Give the one form in which Eos compares and shows a value.

    :param opener: gives the secret that lies at a place.
    :raises ValueError: a span of time cannot be read.
    """
    form = str(row.get("form", ""))
    if value is None:
        return None
    if form.startswith("place:"):
        return opener(value)
    if form.startswith("span:"):
        if isinstance(value, str):
            return span_text(diff.nanoseconds(value))
        return span_text(round(float(value) * SECOND))
    return _each(row, value, lambda inner, one: settled(inner, one, opener))


def encoded(row: Row, value: Any) -> Any:
    """
    Give a plain value as the server writes it.

    :raises ValueError: the server counts in seconds, and this is a part of one.
    """
    form = row.get("form")
    if value is None or form is None:
        return value
    if form in ("base64", "place:base64"):
        return base64.b64encode(str(value).encode()).decode()
    if form == "span:ns":
        return diff.nanoseconds(value)
    if form == "span:s":
        whole, rest = divmod(diff.nanoseconds(value), SECOND)
        if rest:
            raise ValueError(f"{row['wire']}: expected whole seconds; found {value}")
        return whole
    return value


def decoded(row: Row, value: Any) -> Any:
    """Give what a server wrote as Eos compares it; what cannot be read stays as it is."""
    form = row.get("form")
    if value is None or form is None:
        return value
    try:
        if form in ("base64", "place:base64"):
            return _unpacked(str(value))
        if form == "span:s" and not isinstance(value, str):
            return span_text(round(float(value) * SECOND))
        if form.startswith("span:"):
            return span_text(diff.nanoseconds(value or 0))
    except (ValueError, TypeError):
        return value
    return value


def span_text(nanoseconds: int) -> str:
    """Write a span of time in the one way: ``1h30m``, ``90s`` is ``1m30s``, nothing is ``0s``."""
    parts = []
    left = nanoseconds
    for unit, size in _UNITS.items():
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def is_secret(row: Row) -> bool:
    """Tell whether a value must never be shown."""
    if row.get("secret") or row.get("diff") == "write-only":
        return True
    return str(row.get("form", "")).startswith("place:")


def holds_secret(row: Row) -> bool:
    """Tell whether a secret may stand in a value, however deep."""
    inner = list((row.get("fields") or {}).values())
    return is_secret(row) or any(map(holds_secret, [*inner, *filter(None, [row.get("item")])]))


def shown(row: Row, value: Any, mask: str) -> Any:
    """Give a value with every secret in it replaced by ``mask``."""
    if value is None:
        return None
    if is_secret(row):
        return mask
    if row.get("shape") == "object" and isinstance(value, dict):
        kept = {n: one for n, one in value.items() if one is not None}
        rows = row["fields"]
        return {n: shown(rows[n], one, mask) if n in rows else one for n, one in kept.items()}
    return _each(row, value, lambda inner, one: shown(inner, one, mask))


def _each(row: Row, value: Any, do: Callable[[Row, Any], Any]) -> Any:
    shape = row.get("shape")
    if shape == "object" and isinstance(value, dict):
        rows = row["fields"]
        return {n: do(rows[n], one) if n in rows else one for n, one in value.items()}
    item = row.get("item") or {}
    if shape == "list" and isinstance(value, list):
        return [do(item, one) for one in value]
    if shape == "map" and isinstance(value, dict):
        return {name: do(item, one) for name, one in value.items()}
    return value


def _unpacked(text: str) -> str:
    """Read base64; bytes that are no text are said to be so, and equal no text."""
    try:
        raw = base64.b64decode(text, validate=True)
        return raw.decode()
    except (binascii.Error, UnicodeDecodeError):
        return f"base64:{text}"
