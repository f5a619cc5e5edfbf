"""The tag of an event, as the sidecar makes it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from saltext.eos.events import table

_REFERENCE = re.compile(r"\{(verb|subject\.[a-z0-9_]+)\}")


def tag_of(event: str, verb: str, subject: dict[str, Any]) -> str:
    """
    Give the tag: each part percent-encoded outside ``A-Z a-z 0-9 _ . -``.

    :param subject: subject of the envelope; what stands for nothing is ``-``.
    """
    pattern: str = table.TABLE[event]["tag"]

    def part(found: re.Match[str]) -> str:
        if found[1] == "verb":
            return segment(verb)
        value = subject.get(found[1].partition(".")[2])
        return segment("-" if value is None or value == "" else str(value))

    return _REFERENCE.sub(part, pattern)


def segment(text: str) -> str:
    """Encode one part of a tag: what comes out holds no ``/`` and no glob."""
    return quote(text, safe="").replace("~", "%7E")
