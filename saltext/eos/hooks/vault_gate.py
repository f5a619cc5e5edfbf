"""Where a client's gate asks Vault, and what proves that it is open."""

from __future__ import annotations

from typing import Any

from saltext.eos.hooks.nomad import vault_address
from saltext.eos.hooks.nomad_acl import address
from saltext.eos.utils import nomad

META = "eos_gate_vault"


def derive(values: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    """Give ``vault``, the address of Vault as this node reaches it."""
    return {"vault": vault_address(context)}


def gate_is_open(values: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    """The client on this node says that Vault's gate is open."""
    if "client" not in context["compiled"]["components"]["nomad"]["roles"]:
        return {"ok": True, "observed": "no client runs here"}
    token = context["resolve"]({"$secret": "nomad_acl.management_token"})
    meta = nomad.client(address(context), token).get("/v1/client/metadata")["Meta"] or {}
    return {"ok": meta.get(META) == "open", "observed": f"{META} = {meta.get(META)}"}
