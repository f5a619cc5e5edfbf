"""What proves that jobs get their secrets and names, and Terraform its tokens."""

from __future__ import annotations

from typing import Any

from saltext.eos.hooks.nomad_acl import address
from saltext.eos.hooks.vault_open import address as vault_address
from saltext.eos.utils import canary, nomad, vault

CANARY = canary.NAME


def terraform_gets_a_token(values: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    """The Terraform node's identity gets a Nomad token from Vault, and Nomad knows it."""
    where = vault_address(context)
    secret = context["resolve"](values["terraform_secret_id"])
    client = vault.client(where, vault.login(where, "eos-terraform", secret))
    try:
        made = client.get("/v1/nomad/creds/terraform")["data"]["secret_id"]
        own = nomad.own_token(address(context), made) or {}
    finally:
        client.post("/v1/auth/token/revoke-self")
    ok = own.get("Policies") == ["terraform"]
    return {"ok": ok, "observed": f"a token with the policies {own.get('Policies')}"}


def canary_has_its_identity(values: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    """The canary job runs: it does so only with a secret of Vault and a look-up in Consul."""
    allocations = _nomad(context).get(f"/v1/job/{CANARY}/allocations") or []
    running = [item for item in allocations if item["ClientStatus"] == "running"]
    healthy = [item for item in running if (item.get("DeploymentStatus") or {}).get("Healthy")]
    if healthy:
        return {"ok": True, "observed": f"{CANARY} runs with identities of Vault and Consul"}
    return {"ok": False, "observed": f"{CANARY} does not run: {_last_words(allocations)}"}


def _last_words(allocations: list[dict[str, Any]]) -> str:
    """Give the newest event of the newest allocation: Nomad's own reason."""
    newest = max(allocations, key=lambda item: item["ModifyIndex"], default=None)
    if newest is None:
        return "it has not been placed"
    states = (newest.get("TaskStates") or {}).values()
    events = [event for task in states for event in task.get("Events") or []]
    last: dict[str, Any] = max(events, key=lambda event: event["Time"], default={})
    return f"{newest['ClientStatus']}, {last.get('DisplayMessage') or 'no event yet'}"


def _nomad(context: dict[str, Any]) -> Any:
    token = context["resolve"]({"$secret": "nomad_acl.management_token"})
    return nomad.client(address(context), token)
