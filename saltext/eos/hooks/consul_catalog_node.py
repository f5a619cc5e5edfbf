"""What of a node in Consul's catalogue the words of a declaration cannot say."""

from __future__ import annotations

from typing import Any

from saltext.eos.utils import catalog


def to_wire(made: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
    """Give a node as it is registered: its labels are called otherwise there."""
    sent = catalog.bare(made)
    meta = sent.pop("Meta", None)
    return sent if meta is None else {**sent, "NodeMeta": meta}
