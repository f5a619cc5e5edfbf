"""Policies, AppRoles and mounts of Vault, in the form in which Vault reports them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from saltext.eos.utils import vault
from saltext.eos.utils.http import BadRequest, Client, Forbidden, HttpError, NotFound

_ALL = ["create", "read", "update", "delete", "list"]
_SUDO = [*_ALL, "sudo"]

ADMIN_RULES: dict[str, list[str]] = {
    "sys/audit": ["read", "list", "sudo"],
    "sys/audit/*": _SUDO,
    "sys/auth": ["read", "list"],
    "sys/auth/*": _SUDO,
    "sys/mounts": ["read", "list"],
    "sys/mounts/*": _ALL,
    "sys/policies/acl": ["read", "list"],
    "sys/policies/acl/*": _ALL,
    "sys/leases/revoke": ["update"],
    "sys/leases/revoke-prefix/*": ["update", "sudo"],
    "auth/*": _ALL,
    "auth/token/create*": ["deny"],
    "kv/*": _ALL,
    "nomad/*": _ALL,
    "pki/*": _SUDO,
    "identity/*": ["read", "list"],
}
"""What ``eos-admin`` may do: keep the objects that Eos declares. It cannot make tokens."""


def policy_text(rules: Mapping[str, Sequence[str]]) -> str:
    """Write a policy as JSON, always the same for the same rules."""
    paths = {path: {"capabilities": list(can)} for path, can in rules.items()}
    return json.dumps({"path": paths}, indent=2, sort_keys=True)


def policy(client: Client, name: str) -> str | None:
    """Give the text of a policy, or ``None``."""
    found = data_at(client, f"sys/policies/acl/{name}")
    return None if found is None else str(found["policy"])


def data_at(client: Client, path: str) -> dict[str, Any] | None:
    """Give the data at a path, or ``None`` when there is none."""
    try:
        return client.get(f"/v1/{path}")["data"]
    except NotFound:
        return None


def approle(policies: Sequence[str], token_ttl: int, token_max_ttl: int) -> dict[str, Any]:
    """Give the managed fields of an AppRole, as Vault reports them; its role id is its name."""
    return {
        "token_policies": list(policies),
        "token_ttl": token_ttl,
        "token_max_ttl": token_max_ttl,
        "token_type": "service",
        "bind_secret_id": True,
        "secret_id_ttl": 0,
        "secret_id_num_uses": 0,
        "secret_id": True,
    }


def read_approle(
    client: Client, address: str, name: str, secret_id: str, wanted: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Give the managed fields of an AppRole; ``secret_id`` tells whether a login works."""
    if "approle/" not in client.get("/v1/sys/auth")["data"]:
        return None
    found = data_at(client, f"auth/approle/role/{name}")
    if found is None:
        return None
    return {
        **{key: found.get(key) for key in wanted},
        "secret_id": _opens(address, name, secret_id),
    }


def write_approle(client: Client, name: str, secret_id: str, wanted: Mapping[str, Any]) -> None:
    """Enable the auth method if need be, write the role, and leave it this one secret id."""
    if "approle/" not in client.get("/v1/sys/auth")["data"]:
        client.post("/v1/sys/auth/approle", {"type": "approle"})
    role = f"/v1/auth/approle/role/{name}"
    client.post(role, {key: item for key, item in wanted.items() if key != "secret_id"})
    client.post(f"{role}/role-id", {"role_id": name})
    known = _accessors(client, role)
    try:
        kept = client.post(f"{role}/custom-secret-id", {"secret_id": secret_id})["data"]
    except HttpError:
        found = client.post(f"{role}/secret-id/lookup", {"secret_id": secret_id})
        if not found or not found.get("data"):
            raise
        kept = found["data"]
    for accessor in known:
        if accessor != kept["secret_id_accessor"]:
            client.post(f"{role}/secret-id-accessor/destroy", {"secret_id_accessor": accessor})


def _opens(address: str, name: str, secret_id: str) -> bool:
    try:
        token = vault.login(address, name, secret_id)
    except (BadRequest, Forbidden, NotFound):
        return False
    vault.client(address, token).post("/v1/auth/token/revoke-self")
    return True


def _accessors(client: Client, role: str) -> list[str]:
    try:
        return client.list(f"{role}/secret-id")["data"]["keys"]
    except NotFound:
        return []
