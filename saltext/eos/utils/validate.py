"""
A small JSON Schema validator that speaks like a person.

It knows exactly the keywords that contracts use: type, properties, required,
additionalProperties, items, enum, const, pattern, minimum, maximum, anyOf and oneOf; default,
description, discriminator and ``x-`` keys say nothing about validity. ``x-says`` are the words for
what is expected; where ``x-form`` is a place, what was found is never shown. Another keyword is an
error of the contract, never ignored.
"""

from __future__ import annotations

import difflib
import json
import math
import re
from functools import lru_cache
from typing import Any, NamedTuple

SILENT = {
    "default", "description", "discriminator", "x-form", "x-says", "x-secret", "$schema", "$id",
    "title",
}  # fmt: skip
CHECKED = {
    "type", "properties", "required", "additionalProperties", "items", "enum", "const",
    "pattern", "minimum", "maximum", "anyOf", "oneOf",
}  # fmt: skip

Path = tuple[str | int, ...]


class Finding(NamedTuple):
    """One thing that is wrong: where, what was expected, what was found."""

    path: Path
    expected: str
    found: str

    def __str__(self) -> str:
        where = ":".join(str(part) for part in self.path)
        return f"{where}: expected {self.expected}; found {self.found}"


def findings(schema: dict[str, Any], value: Any, path: Path = ()) -> list[Finding]:
    """
    List everything in ``value`` that ``schema`` refuses; an empty list means valid.

    :raises ValueError: the schema uses a keyword outside the list above.
    """
    unknown = schema.keys() - CHECKED - SILENT
    if unknown:
        raise ValueError(f"schema keyword {min(unknown)} is not supported")
    if "x-says" in schema:
        bare = {word: item for word, item in schema.items() if word != "x-says"}
        is_place = str(schema.get("x-form", "")).startswith("place:")
        shown = f"a {type(value).__name__} that is not shown" if is_place else show(value)
        return [Finding(path, schema["x-says"], shown)] if findings(bare, value, path) else []
    if "type" in schema and not _is_type(schema["type"], value):
        return [Finding(path, describe(schema), show(value))]
    if "const" in schema and not same(schema["const"], value):
        return [Finding(path, json.dumps(schema["const"]), show(value))]
    if "enum" in schema and not any(same(item, value) for item in schema["enum"]):
        return [Finding(path, describe(schema) + _hint(value, schema["enum"]), show(value))]
    found = [*_text(schema, value, path), *_number(schema, value, path)]
    if isinstance(value, dict):
        found += _object(schema, value, path)
    if isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            found += findings(schema["items"], item, (*path, index))
    return found + _branches(schema, value, path)


def describe(schema: dict[str, Any]) -> str:
    """Say in a few words what a schema accepts."""
    if "x-says" in schema:
        return str(schema["x-says"])
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return "one of " + ", ".join(str(item) for item in schema["enum"])
    for word in ("oneOf", "anyOf"):
        if word in schema:
            return " or ".join(dict.fromkeys(describe(branch) for branch in schema[word]))
    kind = schema.get("type", "any value")
    text = " or ".join(kind) if isinstance(kind, list) else str(kind)
    if "pattern" in schema:
        text += f" matching {schema['pattern']}"
    if "minimum" in schema or "maximum" in schema:
        text += f" from {schema.get('minimum', '-∞')} to {schema.get('maximum', '∞')}"
    if kind == "array" and "items" in schema:
        text += f" of {describe(schema['items'])}"
    return text


def show(value: Any) -> str:
    """Write a found value for a message: JSON, cut after 80 characters."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else text[:77] + "..."


def same(left: Any, right: Any) -> bool:
    """Compare as JSON does: ``true`` is not ``1``, but ``1`` is ``1.0``."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    return bool(left == right)


def nearest(name: str, names: Any) -> str:
    """Give ``; did you mean x?`` when a close name exists, else an empty string."""
    close = difflib.get_close_matches(str(name), [str(item) for item in names], 1)
    return f" (did you mean {close[0]}?)" if close else ""


def _hint(value: Any, names: Any) -> str:
    return nearest(value, names) if isinstance(value, str) else ""


def _is_type(kind: str | list[str], value: Any) -> bool:
    if isinstance(kind, list):
        return any(_is_type(item, value) for item in kind)
    if kind in ("integer", "number"):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        if not math.isfinite(value):
            return False
        return kind == "number" or value == int(value)
    types = {"string": str, "boolean": bool, "array": list, "object": dict, "null": type(None)}
    return isinstance(value, types[kind])


@lru_cache(maxsize=512)
def _pattern(text: str) -> re.Pattern[str]:
    # ECMAScript's `$` is the very end; Python's also accepts a newline before it.
    ends = re.sub(r"(\\.|\[(?:\\.|[^\]\\])*\])|\$", lambda match: match[1] or r"\Z", text)
    return re.compile(ends, re.ASCII)


def _text(schema: dict[str, Any], value: Any, path: Path) -> list[Finding]:
    pattern = schema.get("pattern")
    if pattern is None or not isinstance(value, str) or _pattern(pattern).search(value):
        return []
    return [Finding(path, schema.get("description") or describe(schema), show(value))]


def _number(schema: dict[str, Any], value: Any, path: Path) -> list[Finding]:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return []
    below = "minimum" in schema and value < schema["minimum"]
    above = "maximum" in schema and value > schema["maximum"]
    return [Finding(path, describe(schema), show(value))] if below or above else []


def _object(schema: dict[str, Any], value: dict[str, Any], path: Path) -> list[Finding]:
    known = schema.get("properties", {})
    found = [
        Finding((*path, key), describe(known.get(key, {})), "nothing")
        for key in schema.get("required", [])
        if key not in value
    ]
    rest = schema.get("additionalProperties", True)
    for key, item in value.items():
        if key in known:
            found += findings(known[key], item, (*path, key))
        elif rest is False:
            expected = "one of " + (", ".join(known) or "no keys") + nearest(key, known)
            found.append(Finding((*path, key), expected, "an unknown key"))
        elif isinstance(rest, dict):
            found += findings(rest, item, (*path, key))
    return found


def _branches(schema: dict[str, Any], value: Any, path: Path) -> list[Finding]:
    found: list[Finding] = []
    for word in ("anyOf", "oneOf"):
        branches = schema.get(word)
        if branches is None:
            continue
        results = [findings(branch, value, path) for branch in branches]
        passed = sum(not result for result in results)
        if passed == 0:
            found += _closest(schema, branches, results, value, path)
        elif passed > 1 and word == "oneOf":
            found.append(Finding(path, f"exactly one of {describe(schema)}", show(value)))
    return found


def _closest(
    schema: dict[str, Any], branches: Any, results: Any, value: Any, path: Path
) -> list[Finding]:
    """Report the branch that a ``mode`` names, or the only one of the value's type."""
    if isinstance(value, dict) and "mode" in value:
        modes = [branch.get("properties", {}).get("mode", {}) for branch in branches]
        for mode, result in zip(modes, results, strict=True):
            if "const" in mode and same(mode["const"], value["mode"]):
                return list(result)
        names = [mode["const"] for mode in modes if "const" in mode]
        if names:
            expected = "one of " + ", ".join(map(str, names)) + _hint(value["mode"], names)
            return [Finding((*path, "mode"), expected, show(value["mode"]))]
    typed = [
        r for b, r in zip(branches, results, strict=True) if _is_type(b.get("type", []), value)
    ]
    if len(typed) == 1:
        return list(typed[0])
    return [Finding(path, describe(schema), show(value))]
