"""What proves that Nomad places work here, and does nothing for strangers."""

from __future__ import annotations

from typing import Any

from saltext.eos.utils import nomad
from saltext.eos.utils.http import Forbidden

DRIVERS = ("docker", "raw_exec")


def servers_are_healthy(values: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    """Autopilot calls every server healthy."""
    health = _client(values, context).get("/v1/operator/autopilot/health")
    sick = [server["Name"] for server in health["Servers"] if not server["Healthy"]]
    ok = bool(health["Healthy"]) and not sick
    return {
        "ok": ok,
        "observed": f"autopilot: healthy = {health['Healthy']}, sick: {sick or 'none'}",
    }


def node_is_ready(values: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    """A client here is ready and eligible, and its drivers are healthy."""
    if "client" not in context["compiled"]["components"]["nomad"]["roles"]:
        return {"ok": True, "observed": "no client runs here"}
    own = context["compiled"]["node"]["id"]
    found = [node for node in _client(values, context).get("/v1/nodes") if node["Name"] == own]
    if not found:
        return {"ok": False, "observed": f"no client named {own} has registered"}
    node = max(found, key=lambda item: item["ModifyIndex"])
    drivers = {name: (node.get("Drivers") or {}).get(name) or {} for name in DRIVERS}
    sick = [name for name, driver in drivers.items() if not driver.get("Healthy")]
    ok = node["Status"] == "ready" and node["SchedulingEligibility"] == "eligible" and not sick
    state = f"{node['Status']}, {node['SchedulingEligibility']}"
    return {"ok": ok, "observed": f"node {own} is {state}; sick drivers: {sick or 'none'}"}


def anonymous_is_refused(values: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    """Without a token jobs, nodes and the agent answer 403."""
    stranger = nomad.client(address(context))
    for path in ("/v1/jobs", "/v1/nodes", "/v1/agent/self"):
        try:
            stranger.get(path)
        except Forbidden:
            continue
        return {"ok": False, "observed": f"{path} is open to strangers"}
    return {"ok": True, "observed": "jobs, nodes and agent answer 403 to strangers"}


def address(context: dict[str, Any]) -> str:
    """Give the address of Nomad's agent on this host."""
    return f"https://127.0.0.1:{context['compiled']['components']['nomad']['values']['https']}"


def _client(values: dict[str, Any], context: dict[str, Any]) -> Any:
    return nomad.client(address(context), context["resolve"](values["management_token"]))
