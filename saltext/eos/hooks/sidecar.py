"""Where the sidecar finds Nomad and Consul, what it may read there, and what proves it ready."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saltext.eos.utils.http import Client, HttpError

if TYPE_CHECKING:
    from collections.abc import Mapping

LOCK = "eos/sidecar/lock"
ENGINE = "engine:"


def derive(values: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    """
    Give the addresses of ``nomads`` and ``consuls``, the nearest of each, ``lock`` and ``rules``.

    :raises ValueError: the stack has no server of one of them.
    """
    components = context["components"]
    nomads = _addresses("nomad", components["nomad"]["https"], context)
    consuls = _addresses("consul", components["consul"]["https"], context)
    paired = _is_paired(values["pair"], context["nodes"])
    lock = {"consul": components["consul"]["datacenter"], "key": LOCK, "ttl": "15s"}
    return {
        "nomads": nomads,
        "nomad": nomads[0],
        "consuls": consuls,
        "consul": consuls[0],
        "lock": lock if paired else None,
        "rules": _rules(_agents(context["nodes"]) if paired else []),
    }


def engine_is_connected(values: dict[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
    """The engine of the master on this node has greeted."""
    lost = [reason for reason in _reasons(values) if reason.startswith(ENGINE)]
    return {"ok": not lost, "observed": lost[0] if lost else "engine: connected"}


def is_ready(values: dict[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
    """Journal, engine and every source stand."""
    reasons = _reasons(values)
    return {"ok": not reasons, "observed": "; ".join(reasons) or "ready"}


def _reasons(values: Mapping[str, Any]) -> list[str]:
    """Give what keeps the sidecar from being ready, as it says itself."""
    client = Client(f"http://127.0.0.1:{values['metrics']}", timeout=5.0, attempts=1)
    try:
        client.get("/readyz")
    except HttpError as err:
        if err.status != 503:
            raise
        return [line for line in str(err.body or "").splitlines() if line]
    return []


def _addresses(component: str, port: int, context: Mapping[str, Any]) -> list[str]:
    """List the agent on this node, then every server elsewhere."""
    own = context["node"]
    here = [f"https://127.0.0.1:{port}"] if own["roles"].get(component) else []
    elsewhere = [
        f"https://{node['address']}:{port}"
        for node in context["nodes"].values()
        if "server" in node["roles"].get(component, []) and node["address"] != own["address"]
    ]
    if not here and not elsewhere:
        raise ValueError(f"no node has the role {component}: [server]; expected one to read from")
    return here + elsewhere


def _is_paired(wanted: str, nodes: Mapping[str, Any]) -> bool:
    """Tell whether the sidecars of this stack wait for the lock."""
    runners = [node for node in nodes.values() if node["roles"].get("sidecar")]
    return wanted == "always" or (wanted == "auto" and len(runners) > 1)


def _agents(nodes: Mapping[str, Any]) -> list[str]:
    """
    List the agents of Consul that any runner may ask: a session belongs to the agent that made it.

    The same on every runner, for they share one policy.
    """
    return sorted(
        name
        for name, node in nodes.items()
        if "server" in node["roles"].get("consul", [])
        or (node["roles"].get("consul") and node["roles"].get("sidecar"))
    )


def _rules(agents: list[str]) -> dict[str, Any]:
    """Give the rules of its policy in Consul; a pair needs sessions on its agents and one key."""
    read = {"": {"policy": "read"}}
    rules: dict[str, Any] = {"node_prefix": read, "service_prefix": read}
    if agents:
        write = {"policy": "write"}
        rules |= {"session": dict.fromkeys(agents, write), "key": {LOCK: write}}
    return rules
