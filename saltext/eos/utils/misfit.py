"""Words for what does not fit the declaration of an event; used by the generated checks."""

from __future__ import annotations

import json
from typing import Any

SHOWN = 60


def wrong(path: str, expected: str, value: Any) -> str:
    """
    Say what stands at ``path`` instead of what was expected.

    :param path: leaf of the envelope, such as ``subject.job``.
    :param expected: what the declaration asks for, in words.
    """
    return f"{path}: expected {expected}; found {_shown(value)}"


def one_of(values: frozenset[str]) -> str:
    """Say which values a closed set has."""
    return f"one of {', '.join(sorted(values))}"


def keys(path: str, expected: frozenset[str], value: Any) -> str:
    """
    Say which keys an object lacks, or has besides those expected.

    :param path: object of the envelope, such as ``subject``.
    """
    if not isinstance(value, dict):
        return wrong(path, f"an object with {', '.join(sorted(expected))}", value)
    missing = sorted(expected - value.keys())
    if missing:
        return f"{path}.{missing[0]}: expected a value; found nothing"
    unknown = sorted(str(key) for key in value.keys() - expected)
    return f"{path}.{unknown[0][:SHOWN]}: expected no such key; found it"


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=True, default=repr)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
