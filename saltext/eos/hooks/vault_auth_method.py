"""What of an auth method of Vault the words of a declaration cannot say."""

from __future__ import annotations

from typing import Any

from saltext.eos.utils import vault_mount


def to_wire(made: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
    """Give a method that is there as its tuning: Vault takes that flat, and says it nested."""
    return vault_mount.tuning(made)
