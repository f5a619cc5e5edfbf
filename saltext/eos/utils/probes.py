"""Compile a component's gate: which requests prove it ready on this node."""

from __future__ import annotations

from typing import Any

from saltext.eos.utils import evaluate, measures
from saltext.eos.utils.evaluate import Scope

SUCCESSES = 2
APART = 2
"""What a changed component must show when its declaration says nothing: two in a row, 2 s apart."""

_KEPT = ("why", "by", "run", "field", "is", "is_not", "at_least", "hook", "status")


def compile_gate(
    component: dict[str, Any],
    roles: list[str],
    values: dict[str, Any],
    scope: Scope,
    ports: dict[str, dict[str, Any]],
    node: dict[str, Any],
    entry: str | None,
) -> dict[str, Any]:
    """Give the gate with seconds for durations, numbers for ports and markers for secrets."""
    gate = component["spec"]["gate"]
    return {
        "component": component["name"],
        "entry": entry,
        "within": measures.duration(gate["within"]),
        "successes": gate.get("successes", SUCCESSES),
        "apart": measures.duration(gate["apart"]) if "apart" in gate else APART,
        "probes": [
            _probe(component, probe, values, scope, ports, node)
            for probe in gate["probes"]
            if evaluate.holds(probe.get("when"), roles, values)
        ],
    }


def _probe(
    component: dict[str, Any],
    probe: dict[str, Any],
    values: dict[str, Any],
    scope: Scope,
    ports: dict[str, dict[str, Any]],
    node: dict[str, Any],
) -> dict[str, Any]:
    compiled = {key: probe[key] for key in _KEPT if key in probe}
    if "port" in probe:
        name = probe["port"]
        reach = ports.get(name, {}).get("scope", "loopback")
        compiled["port"] = values[name]
        compiled["host"] = "127.0.0.1" if reach == "loopback" else node["address"]
    if probe["by"] == "http":
        secure = "https" in name or ("identity" in component["spec"] and reach != "loopback")
        compiled["scheme"] = "https" if secure else "http"
        compiled["get"] = evaluate.resolve({"$text": probe["get"]}, scope)
        if "auth" in probe:
            secret = values[probe["auth"]["secret"]]
            compiled["auth"] = {"header": probe["auth"]["header"], "secret": secret}
    return compiled
