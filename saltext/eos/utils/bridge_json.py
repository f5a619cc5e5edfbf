"""
JSON as the bridge believes it.

Python's reader takes more than JSON is: it keeps the last of two equal keys, takes ``NaN``, and
ends in a recursion error. Here all of that is refused. A batch is read envelope by envelope, so
that the very text of each goes into the inbox and nothing is written anew.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

OPENING = '{"kind":"batch","events":['


class NoJson(ValueError):
    """Bytes that are no JSON, or JSON that can be read in two ways."""


def message(frame: bytes) -> dict[str, Any]:
    """
    Read a frame whose events, if any, are not looked at singly.

    :raises NoJson: it is no JSON object.
    """
    return _object(_text(frame))


def batch(frame: bytes) -> list[tuple[dict[str, Any], str]] | None:
    """
    Read a batch: each envelope, and its text.

    :return: ``None`` when the frame is no batch.
    :raises NoJson: it is no JSON.
    """
    text = _text(frame)
    if text.startswith(OPENING):
        return _in_order(text)
    read = _object(text)
    if read.get("kind") != "batch":
        return None
    events = read.get("events")
    if not isinstance(events, list) or not all(isinstance(one, dict) for one in events):
        raise NoJson("events: expected a list of objects; send envelopes")
    return [(one, json.dumps(one, separators=(",", ":"))) for one in events]


def _in_order(text: str) -> list[tuple[dict[str, Any], str]]:
    found: list[tuple[dict[str, Any], str]] = []
    at = len(OPENING)
    if text[at:] == "]}":
        return found
    try:
        while True:
            value, end = _SCAN(text, at)
            if not isinstance(value, dict):
                raise NoJson("events: expected a list of objects; send envelopes")
            found.append((value, text[at:end]))
            if text[end : end + 1] != ",":
                break
            at = end + 1
    except StopIteration as err:
        raise NoJson(f"no JSON at character {err.value}; send JSON without spaces") from None
    except (ValueError, RecursionError) as err:
        raise _refusal(err) from None
    if text[end:] != "]}":
        raise NoJson(f"unexpected text at character {end}; expected the end of the batch")
    return found


def _object(text: str) -> dict[str, Any]:
    try:
        value = _DECODER.decode(text)
    except (ValueError, RecursionError) as err:
        raise _refusal(err) from None
    if not isinstance(value, dict):
        raise NoJson(f"a frame is {type(value).__name__}; expected an object")
    return value


def _refusal(err: Exception) -> NoJson:
    if isinstance(err, NoJson):
        return err
    why = "nested too deeply" if isinstance(err, RecursionError) else str(err)[:200]
    return NoJson(f"no JSON: {why}; expected one JSON object")


def _text(frame: bytes) -> str:
    try:
        return frame.decode("utf-8")
    except UnicodeDecodeError as err:
        raise NoJson(f"no UTF-8 at byte {err.start}; expected UTF-8") from None


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) != len(pairs):
        twice = next(
            name for name, count in Counter(name for name, _ in pairs).items() if count > 1
        )
        raise NoJson(f"key {twice[:60]!r} stands twice in one object; expected it once")
    return read


def _constant(name: str) -> Any:
    raise NoJson(f"{name} is no JSON; expected a number, text, true, false or null")


_DECODER = json.JSONDecoder(object_pairs_hook=_pairs, parse_constant=_constant)
_SCAN: Callable[[str, int], tuple[Any, int]] = _DECODER.scan_once  # type: ignore[attr-defined]
