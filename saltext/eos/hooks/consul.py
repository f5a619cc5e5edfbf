"""What a Consul agent is called, and what proves that it gives nothing to strangers."""

from __future__ import annotations

from typing import Any

from saltext.eos.utils import consul
from saltext.eos.utils.http import Forbidden


def derive(values: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    """Only servers carry the name that agents verify servers by: no client can pose as one."""
    roles = context["node"]["roles"].get("consul", [])
    return {"names": [f"server.{values['datacenter']}.consul"] if "server" in roles else []}


def anonymous_is_refused(values: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    """Without a token catalogue and health are empty, keys and agent answer 403."""
    stranger = consul.client(f"https://127.0.0.1:{values['https']}")
    for path in ("/v1/catalog/services", "/v1/catalog/nodes", "/v1/health/state/any"):
        if stranger.get(path):
            return {"ok": False, "observed": f"{path} tells a stranger something"}
    for path in ("/v1/kv/eos", "/v1/agent/self"):
        try:
            stranger.get(path)
        except Forbidden:
            continue
        return {"ok": False, "observed": f"{path} is open to strangers"}
    return {"ok": True, "observed": "catalogue and health are empty, keys and agent answer 403"}
