"""The foundation root: what applications share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saltext.eos.utils import app_root, places, terraform_root

if TYPE_CHECKING:
    from collections.abc import Mapping

STANDARD = "apps"
"""Namespace of an application that names none; the default of the declaration `app`."""


def derive(values: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    """Compile the root with the namespaces of all applications."""
    del values
    components = context["components"]
    named = {(app or {}).get("namespace", STANDARD) for app in context["apps"].values()}
    nomad = places.url("nomad", "server", components["nomad"]["https"], context)
    return {
        "root": app_root.foundation(nomad, sorted((named | {STANDARD}) - {"default"})),
        "vault": places.url("vault", "server", components["vault"]["api"], context),
        "confirm": components["terraform"]["confirm"].get("foundation", []),
    }


def root_is_applied(values: dict[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
    """Tell whether the state on this node holds what the root declares."""
    del values
    wanted = context["compiled"]["components"]["foundation"]["derive"]["root"]
    left = terraform_root.missing("foundation", wanted)
    return {"ok": not left, "observed": f"not in the state: {', '.join(left)}" if left else "whole"}
