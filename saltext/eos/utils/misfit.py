"""What a leaf of an event may be, and words for what does not fit; used by the generated checks."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any

SHOWN = 60
SAFE = 2**53 - 1


def is_text(value: Any) -> bool:
    """Hold for text that can be written as UTF-8: half a surrogate pair cannot."""
    return type(value) is str and (value.isascii() or _is_encodable(value))


def is_whole(value: Any) -> bool:
    """Hold for a whole number that every reader of JSON keeps as it is."""
    return type(value) is int and -SAFE <= value <= SAFE


def is_number(value: Any) -> bool:
    """Hold for a number of JSON, which knows neither infinity nor NaN."""
    return (type(value) is float or type(value) is int) and isfinite(value)


def is_flag(value: Any) -> bool:
    """Hold for true and false."""
    return value is True or value is False


def is_list_of(is_item: Callable[[Any], bool], value: Any) -> bool:
    """Hold for a list of what ``is_item`` holds for."""
    return type(value) is list and all(map(is_item, value))


def wrong(path: str, expected: str, value: Any) -> str:
    """
    Say what stands at ``path`` instead of what was expected.

    :param path: leaf of the envelope, such as ``subject.job``.
    :param expected: what the declaration asks for, in words.
    """
    return f"{path}: expected {expected}; found {_shown(value)}"


def one_of(values: Sequence[str | None]) -> str:
    """Say which values a closed set has."""
    return f"one of {', '.join(value or 'null' for value in values)}"


def keys(path: str, expected: frozenset[str], value: Any) -> str:
    """
    Say which keys an object lacks, or has besides those expected.

    :param path: object of the envelope, such as ``subject``.
    """
    if not isinstance(value, dict):
        return wrong(path, f"an object with {', '.join(sorted(expected)) or 'nothing'}", value)
    missing = sorted(expected - value.keys())
    if missing:
        return f"{path}.{missing[0]}: expected a value; found nothing"
    unknown = min(str(key) for key in value.keys() - expected)
    name = unknown if unknown.isidentifier() else json.dumps(unknown)
    return f"{path}.{name[:SHOWN]}: expected no such key; found {_shown(value.get(unknown))}"


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=True, default=repr)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
