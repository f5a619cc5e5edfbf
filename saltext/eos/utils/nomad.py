"""Nomad's ACL objects, in the form in which Nomad reports them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from saltext.eos.utils.http import Client, Forbidden, NotFound

CA_FILE = "/etc/eos/tls/ca.pem"


class ObjectClient(Client):
    """A client for the objects that states keep in Nomad."""

    pooled = True
    strict = True
    refuses_by_500 = True

    def version(self) -> str:
        """Give the version that the agent says it has."""
        return str(self.get("/v1/agent/self")["config"]["Version"]["Version"])


def client(address: str, token: str | None = None) -> Client:
    """Give a client that verifies the agent, with a token or without."""
    return Client(address, CA_FILE, headers={"X-Nomad-Token": token} if token else {})


def own_token(address: str, token: str) -> dict[str, Any] | None:
    """Use a token, and give what Nomad says of it; ``None`` when Nomad does not know it."""
    try:
        return client(address, token).get("/v1/acl/token/self")
    except Forbidden:
        return None


def rules_text(rules: Mapping[str, Any]) -> str:
    """Write the rules of a policy as JSON, always the same for the same rules."""
    return json.dumps(rules, indent=2, sort_keys=True)


def policy(client: Client, name: str) -> dict[str, Any] | None:
    """Give a policy by its name, or ``None``."""
    try:
        return client.get(f"/v1/acl/policy/{name}")
    except NotFound:
        return None


def tokens_named(client: Client, name: str) -> list[dict[str, Any]]:
    """List the tokens of that name, oldest first, without their secrets."""
    found = [item for item in client.get("/v1/acl/tokens") if item["Name"] == name]
    return sorted(found, key=lambda item: item["CreateIndex"])


def difference_of(client: Client, job: Mapping[str, Any]) -> str:
    """Ask Nomad how a job differs from what runs: ``None``, ``Added`` or ``Edited``."""
    plan = client.post(f"/v1/job/{job['ID']}/plan", {"Job": job, "Diff": True})
    return str(plan["Diff"]["Type"])
