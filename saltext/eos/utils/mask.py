"""Plain containers out of Salt 3008's masked pillar."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PLACEHOLDER = "**********"
"""What Salt 3008 writes in place of a value when a pillar container is turned into text."""


def plain(value: Any) -> Any:
    """
    Copy ``value`` with every container replaced by a plain ``dict`` or ``list``.

    Salt 3008 wraps pillar in containers whose text form is asterisks; ``json.dumps`` and ``str``
    of such a container, or of something built from one, may write those asterisks into a file.
    Every value that leaves pillar for a file, a request or a return goes through here.
    """
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def holds_placeholder(value: Any) -> bool:
    """Tell whether the mask's placeholder stands anywhere in ``value``, keys included."""
    if isinstance(value, str):
        return PLACEHOLDER in value
    if isinstance(value, bytes):
        return PLACEHOLDER.encode() in value
    if isinstance(value, Mapping):
        return any(holds_placeholder(k) or holds_placeholder(v) for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return any(holds_placeholder(item) for item in value)
    return False
