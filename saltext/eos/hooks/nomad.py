"""What a Nomad agent is called, where it finds Vault, and how much memory its node has."""

from __future__ import annotations

from typing import Any

_MIB = 1024 * 1024


def derive(values: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    """
    Give ``names`` of the certificate by role, the address of ``vault``, and ``memory`` in MiB.

    The memory is the declared one: a container shows its host's.

    A node without a Vault server asks the first one of the stack.
    """
    roles = context["node"]["roles"].get("nomad", [])
    return {
        "names": [f"{role}.{values['region']}.nomad" for role in sorted(roles)],
        "vault": vault_address(context),
        "memory": context["node"]["memory"] // _MIB,
    }


def vault_address(context: dict[str, Any]) -> str:
    """Give the address of Vault as this node reaches it: on the loopback where it runs here."""
    port = context["components"]["vault"]["api"]
    if context["node"]["roles"].get("vault"):
        return f"https://127.0.0.1:{port}"
    servers = [node["address"] for node in context["nodes"].values() if node["roles"].get("vault")]
    if not servers:
        raise ValueError("no node has the role vault: [server]; expected one, for jobs' secrets")
    return f"https://{servers[0]}:{port}"
