"""
What the healer may know of one incident, from one reading of the stack and its compiled form.

Pure. What the reading does not show is None: nobody acts on what is not known, and that something
is absent is only believed where its owner was asked for exactly that and answered wholly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from saltext.eos.utils import heal_view_component as component
from saltext.eos.utils import heal_view_dependents as dependents
from saltext.eos.utils import heal_view_job as job
from saltext.eos.utils import heal_view_registration as registration
from saltext.eos.utils.heal_snapshot_shape import Needs, Snapshot
from saltext.eos.utils.heal_state import DEEDS, Incident, Thing, View, component_of, done_to

Form = Mapping[str, Any]
Policy = Mapping[str, Any]

PASSED, WAITING, FAILED, UNKNOWN = "passed", "waiting", "failed", "unknown"


def needs(incidents: Iterable[tuple[Incident, Policy]]) -> Needs:
    """Give what has to be asked for these incidents, each with its policy."""
    found = Needs()
    for incident, policy in incidents:
        found = found.joined(_needs(incident, policy))
    return found


def view(incident: Incident, policy: Policy, snapshot: Snapshot, form: Form) -> View:
    """
    Give what is known of one incident.

    :param snapshot: holds at least what :func:`needs` gives for it.
    :param form: the compiled form of the whole stack.
    """
    wanted = _needs(incident, policy)
    thing = _thing(incident, policy, snapshot, form)
    thing = thing._replace(names=_names(incident, policy, snapshot, form))
    # A silent server blocks what it was asked for alone: its own unit is known by its minion.
    blocked = snapshot.blocked if wanted.asks_servers() else ""
    # What a fact gave leave for is not done while no fact could take that leave back.
    blocked = blocked or next((why for node, why in snapshot.unheard.items()
                               if node in wanted.seals), "")  # fmt: skip
    if blocked:
        return View(snapshot.at, blocked, 0, 0, "", Thing(kind=thing.kind))
    managed, unhealthy = _totals(incident, snapshot)
    red = _red(snapshot) if wanted.red else ""
    return View(snapshot.at, "", managed, unhealthy, red, thing)


def leaves_of(incident: Incident) -> dict[str, Any]:
    """Give the values of an incident's key by the last part of their names."""
    return {at.partition(".")[2]: value for at, value in incident.subject.items()}


def region_of(incident: Incident) -> str:
    """Name the region of Nomad, or the datacenter of Consul, that an incident is from."""
    return incident.cluster.partition(":")[2]


def _needs(incident: Incident, policy: Policy) -> Needs:
    leaves, do = leaves_of(incident), policy["act"]["do"]
    require = policy.get("require") or {}
    if do == "report" and leaves.get("unit"):
        # A scope is somebody's task, on which no core service stands.
        return Needs(red=not str(leaves["unit"]).endswith(".scope"))
    if do not in (*DEEDS, "hold") and not require.get("layer_below") and not require.get("hook"):
        return Needs()
    node = leaves.get("minion") or leaves.get("node")
    if leaves.get("instance"):
        allocations = frozenset([leaves["alloc"]] if leaves.get("alloc") else [])
        place = (str(leaves.get("datacenter")), str(leaves.get("node")))
        return Needs(
            True, allocations=allocations, consul=True, registered=frozenset([place]),
            red=do in DEEDS,
        )  # fmt: skip
    if do == "apply":
        named = component_of(policy["act"], incident.subject)
        if not named or not node:
            return Needs()
        units = frozenset([(str(leaves["unit"]), str(node))] if leaves.get("unit") else [])
        return Needs(gates=frozenset([(named, str(node))]), units=units)
    if do == "unseal":
        return Needs(seals=frozenset([str(node)] if node else []))
    if leaves.get("job"):
        one = (region_of(incident), str(leaves.get("namespace")), str(leaves["job"]))
        versions = frozenset([one]) if "version" in leaves else frozenset()
        allocations = frozenset([leaves["alloc"]] if leaves.get("alloc") else [])
        deed = do in DEEDS
        return Needs(True, frozenset([one]), versions, allocations, consul=deed, red=deed)
    if leaves.get("node_id"):
        return Needs(True, placed=frozenset([(region_of(incident), str(leaves["node_id"]))]))
    return Needs(True, consul=True)


def _thing(incident: Incident, policy: Policy, snapshot: Snapshot, form: Form) -> Thing:
    leaves, do = leaves_of(incident), policy["act"]["do"]
    node = leaves.get("minion") or leaves.get("node")
    kind = component.kind(leaves, form, is_deed=do in DEEDS)
    if do == "report" and leaves.get("unit"):
        says = dependents.said(str(leaves["unit"]), str(node), snapshot, form)
        return Thing(kind=kind, says=says)
    if leaves.get("instance"):
        age = snapshot.at - incident.latest
        return registration.thing(incident.subject, policy, snapshot, age)._replace(kind=kind)
    if do == "apply":
        named = component_of(policy["act"], incident.subject)
        return component.thing(named, node, leaves.get("unit"), snapshot, form)._replace(kind=kind)
    if do == "unseal":
        return component.sealed(node, snapshot, form)._replace(kind=kind)
    if leaves.get("job"):
        return job.thing(region_of(incident), leaves, snapshot, form)._replace(kind=kind)
    if leaves.get("node_id"):
        return job.drained(str(leaves["node_id"]), snapshot)._replace(kind=kind)
    return Thing(kind=kind)


def _names(
    incident: Incident, policy: Policy, snapshot: Snapshot, form: Form
) -> tuple[str, ...]:  # fmt: skip
    """Give the names of what a deed touches that its key does not tell."""
    if policy["act"]["do"] not in DEEDS:
        return ()
    leaves, found = leaves_of(incident), []
    row = snapshot.allocations.get(str(leaves.get("alloc"))) if leaves.get("instance") else None
    if row is not None:
        found += [f"job:{row['job']}@{row['namespace']}", f"job:{row['job']}"]
    node = leaves.get("minion") or leaves.get("node")
    name = done_to(policy["act"], incident.subject)
    found += [f"unit:{unit}" for unit in component.units(form, name, node)]
    return tuple(found)


def _totals(incident: Incident, snapshot: Snapshot) -> tuple[int, int]:
    own = snapshot.totals.get(region_of(incident))
    if own is not None:
        return own
    pairs = snapshot.totals.values()
    return sum(one for one, _ in pairs), sum(two for _, two in pairs)


def _red(snapshot: Snapshot) -> str:
    for name, node in sorted(snapshot.core):
        if snapshot.gates.get((name, node)) != PASSED:
            return f"{name} on {node}"
        if name == "vault" and snapshot.seal.get(node) is not False:
            return f"vault on {node} (sealed)"
    return ""
