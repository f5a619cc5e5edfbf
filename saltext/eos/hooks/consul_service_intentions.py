"""What of the intentions of a service the words of a declaration cannot say."""

from __future__ import annotations

from typing import Any

_RECKONED = ("Precedence", "Type")


def kept(found: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
    """Give the entry as read without what Consul reckons of each source: its rank and kind."""
    sources = [
        {name: one for name, one in source.items() if name not in _RECKONED}
        for source in found.get("Sources") or ()
    ]
    return {**found, "Sources": sources}
