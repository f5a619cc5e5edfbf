"""What proves that Vault can make Nomad tokens."""

from __future__ import annotations

from typing import Any

from saltext.eos.hooks.nomad_acl import address
from saltext.eos.hooks.vault_open import address as vault_address
from saltext.eos.utils import nomad, vault


def nomad_knows_a_new_token(values: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    """Vault makes a token that Nomad accepts; it is taken back at once."""
    secret_id = context["resolve"]({"$secret": "vault_open.admin_secret_id"})
    with vault.session(vault_address(context), secret_id) as client:
        made = client.get("/v1/nomad/creds/gate")
        own = nomad.own_token(address(context), made["data"]["secret_id"]) or {}
        client.put("/v1/sys/leases/revoke", {"lease_id": made["lease_id"]})
    ok = own.get("Policies") == ["gate"]
    return {"ok": ok, "observed": f"a token with the policies {own.get('Policies')}"}
