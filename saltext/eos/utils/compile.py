"""
The evaluator: contract and pillar in, compiled form out.

Pure: it reads no file, asks no server and gives the same bytes for the same input. What the
minion may see of secrets is added by the ext_pillar afterwards.
"""

from __future__ import annotations

import importlib
from typing import Any

from saltext.eos.utils import budget, dropin, evaluate, measures
from saltext.eos.utils.contract import Contract
from saltext.eos.utils.evaluate import ABSENT, SECRET, Scope, UnknownReference
from saltext.eos.utils.pillar_check import check, roles_of
from saltext.eos.utils.probes import compile_gate
from saltext.eos.utils.validate import Finding
from saltext.eos.version import SCHEMA


class Refused(Exception):
    """The pillar is wrong; ``findings`` says everything at once."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("; ".join(str(item) for item in findings))
        self.findings = findings


class Stack:
    """
    A checked stack, ready to be compiled node by node.

    :param contract: all declarations.
    :param eos: the pillar under ``eos``, plain containers.
    :raises Refused: the pillar is wrong somewhere.
    """

    def __init__(self, contract: Contract, eos: dict[str, Any]) -> None:
        found = check(contract, eos)
        if found:
            raise Refused(found)
        self.contract = contract
        self.identity = {key: eos["stack"][key] for key in ("name", "domain")}
        self.nodes = {
            name: {
                "id": name,
                "address": facts["address"],
                "memory": measures.size(facts["memory"]),
                "cpus": facts["cpus"],
                "roles": facts.get("roles", {}),
            }
            for name, facts in sorted(eos["topology"].items())
        }
        self.heal = eos.get("heal") or {}
        self.apps = {name: eos["apps"][name] or {} for name in sorted(eos.get("apps") or {})}
        self.values = {
            name: _values(item, eos.get(name) or {})
            for name, item in contract.components.items()
            if not item["spec"].get("each")
        }
        self._runs = {node: self._components_of(node) for node in self.nodes}
        self._memory = {node: self._memory_of(node) for node in self.nodes}
        found = self._check_nodes()
        if found:
            raise Refused(found)

    def nodes_of(self, component: str) -> list[str]:
        """List the nodes that run a component, in the order of their ids."""
        return [node for node in self.nodes if component in self._runs[node]]

    def plan(self) -> dict[str, Any]:
        """Give what orchestrations need to know of the whole stack."""
        names = self.contract.components
        return {
            "nodes_of": {name: self.nodes_of(name) for name in names},
            "apps": list(self.apps),
        }

    def node(self, node: str) -> dict[str, Any]:
        """
        Compile one node.

        :raises Refused: a hook or a reference fails on this pillar.
        """
        facts = self._facts(node)
        problems: list[Finding] = []
        components: dict[str, Any] = {}
        for name in self._runs[node]:
            item = self.contract.components[name]
            try:
                components[name] = (
                    self._entries(node, item, facts)
                    if item["spec"].get("each")
                    else self._component(node, item, self.values[name], facts, None)
                )
            except (UnknownReference, ValueError, KeyError, TypeError) as err:
                text = str(err) if isinstance(err, (UnknownReference, ValueError)) else repr(err)
                problems.append(Finding(("eos", name), "a pillar its declaration can use", text))
        if problems:
            raise Refused(problems)
        return {
            "schema": SCHEMA,
            "contract": self.contract.digest,
            "stack": self.identity,
            "node": self.nodes[node],
            "nodes": {
                name: {"address": other["address"], "roles": other["roles"]}
                for name, other in self.nodes.items()
            },
            "components": components,
        }

    def secrets(self, node: str) -> list[str]:
        """List the names of all secrets that this node's files, states and gates refer to."""
        return secrets_of(self.node(node)["components"])

    def _components_of(self, node: str) -> list[str]:
        roles = self.nodes[node]["roles"]
        here = []
        for name, item in self.contract.components.items():
            if item["spec"].get("on") == "nomad":
                runs = "runner" in roles.get("terraform", ())
            else:
                runs = roles_of(item) is None or bool(roles.get(name))
            if runs and not (item["spec"].get("each") and not self.apps):
                here.append(name)
        return here

    def _facts(self, node: str) -> dict[str, Any]:
        return {"node": self.nodes[node], "nodes": self.nodes, "stack": self.identity}

    def _memory_of(self, node: str) -> dict[str, dict[str, int]]:
        found = {}
        for name in self._runs[node]:
            item = self.contract.components[name]
            if item["spec"].get("on") == "nomad":
                continue
            roles = self.nodes[node]["roles"].get(name, [])
            entry = budget.entry(item["spec"], roles, self.values[name])
            if entry:
                found[name] = entry
        return found

    def _peers(self, component: dict[str, Any]) -> dict[str, Any]:
        peers = {}
        for role in roles_of(component) or ():
            ids = [
                n for n, f in self.nodes.items() if role in f["roles"].get(component["name"], ())
            ]
            peers[role] = {
                "id": ids,
                "address": [self.nodes[name]["address"] for name in ids],
                "count": len(ids),
            }
        return peers

    def _scope(
        self,
        node: str,
        component: dict[str, Any],
        values: dict[str, Any],
        facts: dict[str, Any],
        entry: str | None,
    ) -> Scope:
        spec, name = component["spec"], component["name"]
        memory = self._memory[node]
        context = {
            **facts,
            "peers": self._peers(component),
            "budget": {**memory.get(name, {}), "reserved": budget.reserved(memory)},
        }
        if entry is not None:
            context |= {"entry": entry, "each": {"name": entry}}
        if "derive" in spec.get("hooks", ()):
            hook = importlib.import_module(f"saltext.eos.hooks.{name}")
            known = {key: _present(item) for key, item in self.values.items()}
            context["derive"] = hook.derive(
                _present(values),
                {**context, "components": known, "apps": self.apps, "entry": entry},
            )
        return Scope(values, self.values, context)

    def _component(
        self,
        node: str,
        component: dict[str, Any],
        values: dict[str, Any],
        facts: dict[str, Any],
        entry: str | None,
    ) -> dict[str, Any]:
        spec, name = component["spec"], component["name"]
        roles = self.nodes[node]["roles"].get(name, [])
        scope = self._scope(node, component, values, facts, entry)
        memory = None if spec.get("on") == "nomad" else budget.entry(spec, roles, values)
        ports = {
            field: {"port": values[field], "scope": reach}
            for field, reach in spec.get("ports", {}).items()
            if values.get(field, ABSENT) is not ABSENT
        }
        files = self._files(spec, roles, values, scope)
        if spec.get("unit"):
            files[dropin.path(spec["unit"])] = dropin.file(spec, memory)
        result: dict[str, Any] = {
            "roles": roles,
            "values": _present(values),
            "packages": list(spec.get("packages", ())),
            "unit": spec.get("unit"),
            "user": spec.get("user"),
            "ports": ports,
            "memory": memory,
            "storage": list(spec.get("storage", {})),
            "files": files,
            "states": {
                state["id"]: evaluate.resolve(state.get("with", {}), scope)
                for state in (*spec.get("prepare", ()), *spec.get("converge", ()))
                if evaluate.holds(state.get("when"), roles, values)
            },
            "gate": compile_gate(component, roles, values, scope, ports, self.nodes[node], entry),
        }
        if "identity" in spec:
            result["identity"] = {"sans": _flat(evaluate.resolve(spec["identity"]["sans"], scope))}
        if "derive" in scope.facts:
            result["derive"] = scope.facts["derive"]
        return result

    def _entries(
        self, node: str, component: dict[str, Any], facts: dict[str, Any]
    ) -> dict[str, Any]:
        each = {
            name: self._component(node, component, _values(component, entry, name), facts, name)
            for name, entry in self.apps.items()
        }
        return {"roles": self.nodes[node]["roles"].get(component["name"], []), "each": each}

    def _files(
        self, spec: dict[str, Any], roles: list[str], values: dict[str, Any], scope: Scope
    ) -> dict[str, Any]:
        files: dict[str, Any] = {}
        for entry in spec.get("files", ()):
            if not evaluate.holds(entry.get("when"), roles, values):
                continue
            path = evaluate.resolve({"$text": entry["path"]}, scope)
            data = evaluate.resolve(entry["data"], scope)
            user, _, group = entry.get("owner", "root:root").partition(":")
            known = files.get(path)
            if known:
                known["data"] = _merge(known["data"], data, path)
                continue
            files[path] = {
                "format": entry["format"],
                "mode": entry.get("mode"),
                "user": user,
                "group": group or user,
                "data": data,
            }
        for file in files.values():
            file["mode"] = file["mode"] or ("0600" if evaluate.markers(file["data"]) else "0644")
        return files

    def _check_nodes(self) -> list[Finding]:
        found: list[Finding] = []
        on_nomad = any(
            item["spec"].get("on") == "nomad" for item in self.contract.components.values()
        )
        if (
            self.apps
            and on_nomad
            and not any(
                "runner" in facts["roles"].get("terraform", ()) for facts in self.nodes.values()
            )
        ):
            expected = "a node with the role terraform: [runner], which applies applications"
            found.append(Finding(("eos", "topology"), expected, "none"))
        for node, facts in self.nodes.items():
            found += budget.shortfall(node, facts["memory"], self._memory[node])
            found += self._shared_ports(node)
        return found

    def _shared_ports(self, node: str) -> list[Finding]:
        found: list[Finding] = []
        owners: dict[int, str] = {}
        for name in self._runs[node]:
            item = self.contract.components[name]
            if item["spec"].get("on") == "nomad":
                continue
            for field in item["spec"].get("ports", {}):
                port = self.values[name].get(field, ABSENT)
                if not isinstance(port, int):
                    continue
                if port in owners:
                    expected = f"a port of its own on {node}; {owners[port]} listens there"
                    found.append(Finding(("eos", name, field), expected, str(port)))
                owners.setdefault(port, f"eos:{name}:{field}")
        return found


def secrets_of(components: dict[str, Any]) -> list[str]:
    """
    List the secrets that a node must be able to open.

    Values and derived data do not count: a client knows that a management token exists, and gets
    it only when one of its own files, states or probes uses it.
    """
    found: set[str] = set()
    for part in components.values():
        for one in part["each"].values() if "each" in part else [part]:
            found |= evaluate.markers([one["files"], one["states"], one["gate"]])
    return sorted(found)


def _values(
    component: dict[str, Any], given: dict[str, Any], entry: str | None = None
) -> dict[str, Any]:
    """Complete what the pillar gives: defaults, secret markers, the entry's name."""
    values: dict[str, Any] = {}
    for name, field in component["fields"].items():
        if "roles" in field or field.get("read_only"):
            continue
        if field.get("secret"):
            parts = (component["name"], entry, name) if entry else (component["name"], name)
            values[name] = {SECRET: ".".join(parts)}
        elif entry is not None and field.get("key"):
            values[name] = entry
        elif name in given:
            values[name] = _with_defaults(field.get("schema", {}), given[name])
        else:
            values[name] = field.get("default", ABSENT)
    return values


def _with_defaults(schema: dict[str, Any], value: Any) -> Any:
    """Fill in defaults of nested objects."""
    if not isinstance(value, dict) or "properties" not in schema:
        return value
    filled = {
        key: _with_defaults(item, value[key]) if key in value else item["default"]
        for key, item in schema["properties"].items()
        if key in value or "default" in item
    }
    return {**value, **filled}


def _present(values: dict[str, Any]) -> dict[str, Any]:
    return {key: item for key, item in values.items() if item is not ABSENT}


def _flat(items: list[Any]) -> list[str]:
    """Flatten lists (peers' addresses) among subject names, each once, in order."""
    flat: list[str] = []
    for item in items:
        for name in item if isinstance(item, list) else [item]:
            if name not in flat:
                flat.append(str(name))
    return flat


def _merge(left: Any, right: Any, path: str) -> Any:
    if isinstance(left, dict) and isinstance(right, dict):
        merged = dict(left)
        for key, item in right.items():
            merged[key] = _merge(left[key], item, f"{path} {key}") if key in left else item
        return merged
    if isinstance(left, list) and isinstance(right, list):
        return [*left, *right]
    if left == right:
        return left
    raise ValueError(f"two values for {path}: {left!r} and {right!r}")
