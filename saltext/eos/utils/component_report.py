"""One component for people: what it is, where it runs, what proves it ready, and how it is now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from saltext.eos.utils import measures
from saltext.eos.utils.heal_report_text import indented, labelled


def report(
    component: str, known: Mapping[str, Any], form: Mapping[str, Any], stands: Mapping[str, Any]
) -> dict[str, Any]:
    """
    Tell all about a component; ``text`` is for people.

    :param known: the components of the contract.
    :param form: the compiled stack.
    :param stands: what was observed, as :func:`saltext.eos.utils.standing.status` gives it.
    """
    spec = known[component]["spec"]
    found: dict[str, Any] = {
        "name": component,
        "is": known[component]["doc"],
        "source": known[component]["source"],
        "class": spec["class"],
        "needs": spec["needs"],
        "needed_by": [name for name, one in known.items() if component in one["spec"]["needs"]],
        "nodes": {},
    }
    for node in form["plan"]["nodes_of"][component]:
        part = form["all"][node]["components"][component]
        entries = part.get("each", {"": part})
        found["nodes"][node] = {
            entry or "component": {
                "roles": one["roles"],
                "unit": one["unit"],
                "packages": one["packages"],
                "ports": one["ports"],
                "memory": one["memory"],
                "files": sorted(one["files"]),
                "proven_by": [_proof(probe) for probe in one["gate"]["probes"]],
                "within": one["gate"]["within"],
            }
            for entry, one in entries.items()
        }
    # What exists once for each application is observed by the application's name.
    is_each = bool(spec.get("each"))
    found["gates"] = [
        one
        for one in stands["apps" if is_each else "components"]
        if is_each or one["name"] == component
    ]
    return {**found, "text": "\n".join(_text(found))}


def _text(found: Mapping[str, Any]) -> list[str]:
    lines = labelled("component", f"{found['name']}, class {found['class']}")
    lines += labelled("is", found["is"])
    lines += labelled("needs", ", ".join(found["needs"]) or "nothing")
    lines += labelled("needed by", ", ".join(found["needed_by"]) or "nothing")
    for one in found["gates"]:
        lines += labelled("gate", _gate(one))
    if not found["nodes"]:
        lines += labelled("runs on", "no node; the topology gives its role to none")
    for node, entries in found["nodes"].items():
        for entry, one in entries.items():
            what = node if entry == "component" else f"{node}, for {entry}"
            roles = f" as {', '.join(one['roles'])}" if one["roles"] else ""
            lines += labelled("runs on", what + roles)
            lines += _part(one)
    return [*lines, "all of it with --out=json"]


def _gate(one: Mapping[str, Any]) -> str:
    where = f"on {one['node']} " if "node" in one else f"of {one['name']} "
    says = f"{where}{one['gate']}: {one['observed'] or 'nothing observed'}"
    if one["waits_for"]:
        return f"{says}; it waits for {', '.join(one['waits_for'])}"
    return says + (f" ({one['why']})" if one["why"] else "")


def _part(one: Mapping[str, Any]) -> list[str]:
    """Write what one node has of it; what it has not is left out."""
    ports = [
        f"{name} {port['port']}, reachable from {port['scope']}"
        for name, port in (one["ports"] or {}).items()
    ]
    memory = [
        f"{name} {measures.readable(size)}" for name, size in (one["memory"] or {}).items() if size
    ]
    words = {
        "unit": one["unit"], "packages": ", ".join(one["packages"]), "ports": "; ".join(ports),
        "memory": ", ".join(memory), "files": ", ".join(one["files"]),
    }  # fmt: skip
    lines = []
    for label, says in words.items():
        lines += indented(str(says), 2, f"{label:10}") if says else []
    for proof in one["proven_by"]:
        lines += indented(f"{proof}, within {one['within']} s", 2, f"{'proof':10}")
    return lines


def _proof(probe: dict[str, Any]) -> str:
    """Say in one line what a probe wants to see."""
    ways = {
        "http": lambda: f"GET {probe['scheme']}://{probe['host']}:{probe['port']}{probe['get']}",
        "command": lambda: "`" + " ".join(probe["run"]) + "`",
        "tcp": lambda: f"connect to {probe['host']}:{probe['port']}",
        "hook": lambda: f"hook {probe['hook']}",
    }
    said = ways[probe["by"]]()
    if "field" in probe:
        said += f" {probe['field']}"
    for word, sign in (("is", "="), ("is_not", "is not"), ("at_least", "at least")):
        if word in probe:
            said += f" {sign} {probe[word]!r}"
    return said
