"""What a reading of the stack is asked for, and what it shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

Pair = tuple[str, str]
Triple = tuple[str, str, str]
Key = tuple[str, ...]


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
    :param unheard: by node whose Vault was asked, the source of its facts that is not heard now.
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
    unheard: Mapping[str, str] = {}

    def is_gone(self, allocation: Any) -> bool:
        """Tell whether Nomad, which was asked for an allocation, knows it in no region."""
        is_known = allocation in self.allocations or allocation in self.torn
        return bool(self.totals) and not is_known
