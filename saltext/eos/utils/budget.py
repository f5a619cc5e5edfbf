"""Memory of components: which entry applies, and whether a node can carry the sum."""

from __future__ import annotations

import math
from typing import Any

from saltext.eos.utils import evaluate, measures
from saltext.eos.utils.validate import Finding

OOM_SCORE = {"core": 0, "data": 100, "platform": 500, "leaf": 600, "batch": 900}
"""Who dies first: a higher score sooner. Never negative, so that no privilege is needed."""


def entry(spec: dict[str, Any], roles: list[str], values: dict[str, Any]) -> dict[str, int] | None:
    """Give the first memory entry whose ``when`` holds, in bytes; ``None`` without one."""
    for item in spec.get("memory", ()):
        if evaluate.holds(item.get("when"), roles, values):
            return {name: measures.size(item[name]) for name in ("floor", "want", "burst")}
    return None


def reserved(entries: dict[str, dict[str, int]]) -> int:
    """Give what host components of one node may take at most, in whole MiB, rounded up."""
    return math.ceil(sum(item["burst"] for item in entries.values()) / measures.BYTES["MiB"])


def shortfall(node: str, memory: int, entries: dict[str, dict[str, int]]) -> list[Finding]:
    """Report a node whose memory is below the sum of what its components need at least."""
    floor = sum(item["floor"] for item in entries.values())
    if floor <= memory:
        return []
    parts = ", ".join(f"{name} {measures.readable(e['floor'])}" for name, e in entries.items())
    return [
        Finding(
            ("eos", "topology", node, "memory"),
            f"at least {measures.readable(floor)}, the sum of the floors ({parts})",
            measures.readable(memory),
        )
    ]
