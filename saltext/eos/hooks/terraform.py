"""The Terraform layer's readiness."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

MIRROR = Path("/usr/share/eos/terraform-providers")


def provider_is_at_hand(values: dict[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
    """Tell whether the mirror on this host has the provider; a registry is not asked."""
    del context
    if values["providers"] == "registry":
        return {"ok": True, "observed": "providers come from their registry"}
    found = sorted(path.parts[-3] for path in MIRROR.glob("registry.*/hashicorp/nomad/*/*/*"))
    return {"ok": bool(found), "observed": ", ".join(found) or f"nothing in {MIRROR}"}
