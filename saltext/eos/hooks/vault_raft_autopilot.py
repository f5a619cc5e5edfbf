"""What of the autopilot of Vault's own storage the words of a declaration cannot say."""

from __future__ import annotations

from typing import Any


def to_wire(made: dict[str, Any], desired: dict[str, Any]) -> dict[str, Any]:
    """Give the configuration as Vault takes it: it shows what only Enterprise may be told."""
    sent = {name: value for name, value in made.items() if name != "name"}
    if not sent.get("disable_upgrade_migration"):
        sent.pop("disable_upgrade_migration", None)
    return sent
