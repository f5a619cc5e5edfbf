"""Objects that the pillar names: checked, and put into the order in which they need each other."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from saltext.eos.utils import placed, wire
from saltext.eos.utils.arguments import odd_keys
from saltext.eos.utils.contract import Contract
from saltext.eos.utils.validate import Finding, nearest, show

KEY = "objects"
WHERE = ("eos", KEY)
GONE = "absent"
SERVICES = ("vault", "consul", "nomad")
# They have states, and pages in docs/resources that say why they are no objects of the pillar.
STATES = (
    "consul_check", "consul_kv_tree", "consul_maintenance", "consul_peering", "nomad_job",
    "nomad_node", "nomad_scheduler_configuration", "vault_auth_config", "vault_generated",
    "vault_raft_peer",
)  # fmt: skip


class _Entry(NamedTuple):
    """One object as somebody wrote it; ``name`` is filled in."""

    resource: str
    id: str
    values: dict[str, Any]

    @property
    def is_gone(self) -> bool:
        """Whether it is to be taken away."""
        return GONE in self.values


def check(contract: Contract, written: Any) -> list[Finding]:
    """List everything wrong with ``eos:objects``; an empty list means it can be compiled."""
    if written is None:
        return []
    if not isinstance(written, dict):
        return [Finding(WHERE, "a mapping of resources", show(written))]
    found: list[Finding] = []
    for resource, objects in written.items():
        if resource not in contract.resources:
            found.append(_unknown(contract, resource))
        elif objects is not None and not isinstance(objects, dict):
            expected = "a mapping of objects by id"
            found.append(Finding((*WHERE, resource), expected, _unshown(objects)))
    if found:
        return found
    for entry in _entries(written):
        found += _wrong(contract.resources[entry.resource], entry)
    return found or _twice(contract, _entries(written))


def compiled(contract: Contract, written: Any) -> list[dict[str, Any]]:
    """
    Give a state for each object, in the order in which they are applied.

    What is there comes first, each resource after those that it needs; what is to go comes last,
    the other way round.
    """
    rank = {name: place for place, name in enumerate(order(contract))}
    entries = sorted(_entries(written or {}), key=lambda one: rank[one.resource])
    here = [one for one in entries if not one.is_gone]
    gone = [one for one in reversed(entries) if one.is_gone]
    return [
        {
            "id": f"{one.resource} {one.id}",
            "run": f"{one.resource}.{'absent' if one.is_gone else 'present'}",
            "with": {name: value for name, value in one.values.items() if name != GONE},
        }
        for one in (*here, *gone)
    ]


def order(contract: Contract) -> list[str]:
    """List every resource after those that it needs; of the others Vault's come first."""
    known = contract.resources
    waiting = {name: before(item) & known.keys() - {name} for name, item in known.items()}
    rank = {name: (SERVICES.index(one["spec"]["service"]), name) for name, one in known.items()}
    done: list[str] = []
    while waiting:
        ready = [name for name, needs in waiting.items() if needs.isdisjoint(waiting)]
        done.append(min(ready, key=rank.__getitem__))
        del waiting[done[-1]]
    return done


def before(resource: dict[str, Any]) -> set[str]:
    """Give the resources that come before one: what it says, and what its examples need."""
    spec = resource["spec"]
    given = {one["run"].partition(".")[0] for one in spec.get("given", ())}
    return {*spec.get("after", ()), *given}


def _entries(written: dict[str, Any]) -> Iterator[_Entry]:
    for resource, objects in written.items():
        for id_, values in (objects or {}).items():
            given = {} if values is None else values
            named = {"name": id_, **given} if isinstance(given, dict) else given
            yield _Entry(resource, id_, named)


def _wrong(resource: dict[str, Any], entry: _Entry) -> list[Finding]:
    where = (*WHERE, entry.resource, str(entry.id))
    if not isinstance(entry.values, dict):
        return [Finding(where, "a mapping of fields", _unshown(entry.values))]
    if not isinstance(entry.id, str):
        # Two of them could be one in writing, and then the id of one state.
        return [Finding(where, "text as the id; quote it", show(entry.id))]
    odd = odd_keys(entry.values, where)
    if odd:
        return odd
    lasting = resource["spec"]["delete"] == "never"
    fields = {
        name: field for name, field in resource["fields"].items() if not field.get("read_only")
    }
    if entry.is_gone and not lasting:
        fields = {name: field for name, field in fields.items() if field.get("key")}
        if entry.values[GONE] is not True:
            return [Finding((*where, GONE), "true, or nothing", show(entry.values[GONE]))]
    found = [
        Finding((*where, name), _other(resource, entry, fields, name), "an unknown key")
        for name in entry.values
        if name not in fields and (name != GONE or lasting)
    ]
    found += [
        Finding((*where, name), field["schema"].get("x-says", field["doc"]), "nothing")
        for name, field in fields.items()
        if not field["optional"] and entry.values.get(name) is None
    ]
    spec = importlib.import_module(f"saltext.eos.specs.{entry.resource}").SPEC
    values = {name: value for name, value in entry.values.items() if name in fields}
    inner = wire.wrong(spec, values)
    return found + [one._replace(path=(*where, *one.path)) for one in inner]


def _unshown(value: Any) -> str:
    """Say what was found where a secret may have been meant."""
    return f"{placed.kind(value)}, which is not shown"


def _other(resource: dict[str, Any], entry: _Entry, fields: dict[str, Any], name: str) -> str:
    if entry.is_gone and name in resource["fields"]:
        return f"nothing beside `{GONE}: true` but {', '.join(fields)}"
    return f"one of {', '.join(fields)}{nearest(name, fields)}"


def _unknown(contract: Contract, resource: Any) -> Finding:
    if resource in STATES:
        expected = "resources; this one is a state only, for an SLS of your own"
        return Finding((*WHERE, resource), expected, "a state")
    known = contract.resources
    meant = nearest(str(resource), known)
    # There are dozens of them: whoever has mistyped one is not helped by all the others.
    expected = f"a resource{meant}" if meant else f"one of {', '.join(known) or 'no resources'}"
    return Finding((*WHERE, str(resource)), expected, "an unknown key")


def _twice(contract: Contract, entries: Iterator[_Entry]) -> list[Finding]:
    """Find one object under two ids: each run would undo what the other has done."""
    found: list[Finding] = []
    first: dict[str, _Entry] = {}
    for one in entries:
        fields = contract.resources[one.resource]["fields"]
        keys = {
            name: one.values.get(name, field.get("default"))
            for name, field in fields.items()
            if field.get("key")
        }
        known = json.dumps([one.resource, keys], sort_keys=True)
        if known in first:
            where = (*WHERE, one.resource, one.id)
            expected = f"an object of its own; {first[known].id} is the same"
            found.append(Finding(where, expected, show(keys)))
        first.setdefault(known, one)
    return found
