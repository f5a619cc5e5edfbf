"""What proves that Vault is open and that Eos's own identity can use it."""

from __future__ import annotations

from typing import Any

from saltext.eos.utils import vault, vault_init


def is_unsealed(values: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    """Vault itself says that it is not sealed."""
    sealed = vault_init.is_sealed(vault.client(address(context)))
    return {"ok": not sealed, "observed": f"sealed = {sealed}"}


def canary_is_readable(values: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    """``eos-admin`` logs in and reads the value it wrote."""
    with _session(values, context) as client:
        found = client.get("/v1/kv/data/eos/canary")["data"]["data"]
    ok = found == {"written_by": vault.ADMIN}
    return {"ok": ok, "observed": "the canary is as written" if ok else "the canary differs"}


def is_audited_twice(values: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    """Two audit devices are on, so that one that fails does not stop Vault."""
    with _session(values, context) as client:
        devices = sorted(client.get("/v1/sys/audit")["data"])
    return {"ok": len(devices) >= 2, "observed": f"audit devices: {', '.join(devices) or 'none'}"}


def _session(values: dict[str, Any], context: dict[str, Any]) -> Any:
    return vault.session(address(context), context["resolve"](values["admin_secret_id"]))


def address(context: dict[str, Any]) -> str:
    """Give the address of Vault on this host."""
    return f"https://127.0.0.1:{context['compiled']['components']['vault']['values']['api']}"
