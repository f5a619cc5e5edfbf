"""
What the healer may know of one incident, from one reading of the stack and its compiled form.

Pure. What the reading does not show is None: nobody acts on what is not known, and that something
is absent is only believed where its owner was asked for exactly that and answered wholly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from saltext.eos.utils import heal_view_component as component
from saltext.eos.utils import heal_view_job as job
from saltext.eos.utils import heal_view_registration as registration
from saltext.eos.utils.heal_state import DEEDS, Incident, Thing, View, component_of, done_to

Form = Mapping[str, Any]
Policy = Mapping[str, Any]
Pair = tuple[str, str]
Triple = tuple[str, str, str]
Key = tuple[str, ...]

PASSED, WAITING, FAILED, UNKNOWN = "passed", "waiting", "failed", "unknown"


class Needs(NamedTuple):
    """
    What has to be asked; nothing else is.

    :param totals: how many jobs there are, and how many of them are not well.
    :param jobs: ``(region, namespace, job)``, each with its allocations, deployment, evaluations.
    :param versions: those whose versions are wanted too.
    :param allocations: ids.
    :param placed: ``(region, node id)`` whose allocations are wanted.
    :param consul: whether Consul has to answer, whatever is asked of it.
    :param registered: ``(datacenter, node)`` whose instances are wanted.
    :param gates: ``(component, node)``.
    :param units: ``(unit, node)``.
    :param red: the gates of all core services, and the seal of each Vault.
    :param seals: nodes whose Vault is asked whether it is sealed.
    """

    totals: bool = False
    jobs: frozenset[Triple] = frozenset()
    versions: frozenset[Triple] = frozenset()
    allocations: frozenset[str] = frozenset()
    placed: frozenset[Pair] = frozenset()
    consul: bool = False
    registered: frozenset[Pair] = frozenset()
    gates: frozenset[Pair] = frozenset()
    units: frozenset[Pair] = frozenset()
    red: bool = False
    seals: frozenset[str] = frozenset()

    def is_nothing(self) -> bool:
        """Tell whether nothing has to be asked."""
        return not any(self)

    def asks_servers(self) -> bool:
        """Tell whether Nomad or Consul has to answer; all else is asked of single minions."""
        return any((
            self.totals, self.jobs, self.allocations, self.placed, self.consul, self.registered
        ))  # fmt: skip

    def joined(self, other: Needs) -> Needs:
        """Give what both need."""
        pairs: Iterable[tuple[Any, Any]] = zip(self, other, strict=True)
        return Needs(*(one | two for one, two in pairs))


class Snapshot(NamedTuple):
    """
    One reading of the stack. Where several answers of one region differ, nothing is known.

    :param at: moment before the first question.
    :param blocked: the source that did not answer wholly, why in brackets; empty when all did.
    :param totals: by region ``(managed, unhealthy)``.
    :param jobs: by ``(region, namespace, job)``; None for one that is not there.
    :param allocations: by id; one that is in no list is not there, unless it is torn.
        One that was asked for by its id and runs has ``instances``, those it has in Consul.
    :param torn: ids of allocations that answers differ in.
    :param deployments: the latest by ``(region, namespace, job)``.
    :param evaluations: by id, those that are pending or blocked.
    :param nodes: of Nomad, by ``(region, id)``.
    :param versions: by ``(region, namespace, job)``, what each version was.
    :param members: nodes that a catalogue knows, by ``(datacenter, node)``.
    :param services: instances by ``(datacenter, node, instance)``; None where answers differ.
    :param gates: by ``(component, node)``: passed, waiting, failed or unknown.
    :param core: those of them that all jobs stand on.
    :param seal: by node, whether its Vault is sealed.
    :param units: by ``(unit, node)`` its state as ``eos_heal.look`` says it; empty where nothing
        is known.
    """

    at: float
    blocked: str = ""
    totals: Mapping[str, tuple[int, int]] = {}
    jobs: Mapping[Key, Mapping[str, Any] | None] = {}
    allocations: Mapping[str, Mapping[str, Any]] = {}
    torn: frozenset[str] = frozenset()
    deployments: Mapping[Key, Mapping[str, Any]] = {}
    evaluations: Mapping[str, Mapping[str, Any]] = {}
    nodes: Mapping[Key, Mapping[str, Any]] = {}
    versions: Mapping[Key, Mapping[int, Mapping[str, Any]]] = {}
    members: Mapping[Key, bool] = {}
    services: Mapping[Key, Mapping[str, Any] | None] = {}
    gates: Mapping[Pair, str] = {}
    core: frozenset[Pair] = frozenset()
    seal: Mapping[str, bool | None] = {}
    units: Mapping[Pair, str] = {}

    def is_gone(self, allocation: Any) -> bool:
        """Tell whether Nomad, which was asked for an allocation, knows it in no region."""
        is_known = allocation in self.allocations or allocation in self.torn
        return bool(self.totals) and not is_known


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
    if do in ("apply", "reload"):
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
    if leaves.get("instance"):
        age = snapshot.at - incident.latest
        return registration.thing(incident.subject, policy, snapshot, age)._replace(kind=kind)
    if do in ("apply", "reload"):
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
