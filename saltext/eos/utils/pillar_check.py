"""Judge what SREs wrote under ``eos``: every error at once, with path, expected and found."""

from __future__ import annotations

from typing import Any

from saltext.eos.utils import heal_names, objects
from saltext.eos.utils.contract import Contract
from saltext.eos.utils.validate import Finding, findings, nearest, show

STACK = {
    "type": "object",
    "required": ["name", "domain"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z][a-z0-9-]{0,62}$"},
        "domain": {"type": "string", "pattern": "^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$"},
    },
}
NODE = {
    "type": "object",
    "required": ["address", "memory", "cpus"],
    "additionalProperties": False,
    "properties": {
        "address": {"type": "string", "pattern": "^[0-9A-Fa-f.:]+$"},
        "memory": {"type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?(KiB|MiB|GiB|TiB)$"},
        "cpus": {"type": "number", "minimum": 0.1},
        "roles": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
}
NAME = {"type": "string", "pattern": "^[a-z][a-z0-9-]{0,62}$"}
FIXED = ("stack", "topology", "apps", "heal", objects.KEY)


def check(contract: Contract, eos: Any) -> list[Finding]:
    """List everything wrong with the pillar ``eos``; an empty list means it can be compiled."""
    if not isinstance(eos, dict):
        return [Finding(("eos",), "a mapping", show(eos))]
    entries = [name for name, item in contract.components.items() if item["spec"].get("each")]
    names = [name for name in contract.components if name not in entries]
    found = findings(STACK, eos.get("stack", {}), ("eos", "stack"))
    found += _topology(contract, eos.get("topology"))
    for key, value in eos.items():
        if key in FIXED:
            continue
        if key not in names:
            expected = f"one of {', '.join((*FIXED, *names))}{nearest(key, (*FIXED, *names))}"
            found.append(Finding(("eos", str(key)), expected, "an unknown key"))
        else:
            found += _settings(contract.components[key], value, ("eos", key))
    for name in names:
        if name not in eos:
            found += _settings(contract.components[name], {}, ("eos", name))
    found += _apps([contract.components[name] for name in entries], eos.get("apps"))
    found += objects.check(contract, eos.get(objects.KEY))
    return found + heal_names.judge(contract, eos)


def roles_of(component: dict[str, Any]) -> list[str] | None:
    """Give the roles a component knows, or ``None`` when it runs on every node."""
    for field in component["fields"].values():
        if "roles" in field:
            return list(field["roles"])
    return None


def settings_schema(component: dict[str, Any]) -> dict[str, Any]:
    """Give the JSON Schema of what may stand under ``eos:<component>``."""
    writable = {
        name: field
        for name, field in component["fields"].items()
        if not field.get("secret") and not field.get("read_only") and "roles" not in field
        and not (component["spec"].get("each") and field.get("key"))
    }  # fmt: skip
    required = [
        name
        for name, field in writable.items()
        if not field.get("optional") and "default" not in field
    ]
    return {
        "type": "object",
        "properties": {name: field["schema"] for name, field in writable.items()},
        "required": required,
        "additionalProperties": False,
    }


def _topology(contract: Contract, topology: Any) -> list[Finding]:
    where = ("eos", "topology")
    if not isinstance(topology, dict) or not topology:
        return [Finding(where, "at least one node, by minion id", show(topology))]
    found: list[Finding] = []
    for node, facts in topology.items():
        wrong = findings(NODE, facts, (*where, node))
        found += wrong
        if not wrong:
            found += _roles(contract, facts.get("roles", {}), (*where, node, "roles"))
    addresses: dict[str, str] = {}
    for node, facts in topology.items():
        address = facts.get("address") if isinstance(facts, dict) else None
        if isinstance(address, str):
            if address in addresses:
                expected = f"an address of its own; {addresses[address]} has the same"
                found.append(Finding((*where, node, "address"), expected, show(address)))
            addresses.setdefault(address, node)
    return found


def _roles(contract: Contract, roles: dict[str, list[str]], where: tuple) -> list[Finding]:
    found: list[Finding] = []
    with_roles = {
        name: known
        for name, item in contract.components.items()
        if (known := roles_of(item)) is not None
    }
    for component, given in roles.items():
        if component not in with_roles:
            expected = f"one of {', '.join(with_roles)}{nearest(component, with_roles)}"
            found.append(Finding((*where, component), expected, "an unknown component"))
            continue
        known = with_roles[component]
        for index, role in enumerate(given):
            if role not in known:
                expected = f"one of {', '.join(known)}{nearest(role, known)}"
                found.append(Finding((*where, component, index), expected, show(role)))
    return found


def _settings(component: dict[str, Any], value: Any, where: tuple) -> list[Finding]:
    if value is None:
        value = {}
    found: list[Finding] = []
    if isinstance(value, dict):
        for name, field in component["fields"].items():
            if name in value and field.get("secret"):
                expected = "nothing: Eos makes this secret itself and never reads it from pillar"
                found.append(Finding((*where, name), expected, "a value"))
                value = {key: item for key, item in value.items() if key != name}
            elif name in value and "roles" in field:
                expected = f"roles under eos:topology:<node>:roles:{component['name']}"
                found.append(Finding((*where, name), expected, show(value[name])))
                value = {key: item for key, item in value.items() if key != name}
    return found + findings(settings_schema(component), value, where)


def _apps(components: list[dict[str, Any]], apps: Any) -> list[Finding]:
    where = ("eos", "apps")
    if apps is None:
        return []
    if not isinstance(apps, dict):
        return [Finding(where, "a mapping of applications by name", show(apps))]
    if not components:
        return [Finding(where, "nothing: no component is declared per application", show(apps))]
    found: list[Finding] = []
    for name, entry in apps.items():
        found += findings(NAME, name, (*where, str(name)))
        for component in components:
            found += _settings(component, entry, (*where, str(name)))
    return found
