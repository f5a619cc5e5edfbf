"""Whose kill it was: path, containers and tasks brought together."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from saltext.eos.utils import oom_cgroup, oom_nomad
from saltext.eos.utils.oom_counter import View
from saltext.eos.utils.oom_docker import Containers
from saltext.eos.utils.oom_lines import Kill
from saltext.eos.utils.oom_nomad import Tasks

LONGEST = 512
MOMENT = 1.5

Place = dict[str, str | None]


class Judgement(NamedTuple):
    """Whether a kill is this node's own, and its place; ``None`` for not known yet."""

    is_own: bool | None
    place: Place


class Judge:
    """
    Decides about cgroups with what is known in this pass.

    :param settings: the beacon's configuration.
    """

    def __init__(
        self, view: View, settings: dict[str, Any], containers: Containers, tasks: Tasks
    ) -> None:
        self._view = view
        self._settings = settings
        self._containers = containers
        self._tasks = tasks

    def judge(self, kill: Kill, age: float) -> Judgement:
        """
        Say whose kill it was.

        Where several nodes share a kernel, own is what lies below the node's cgroup, a container
        of its own Docker wherever Docker put it, and an allocation of its own Nomad.

        :param age: seconds since its line; Docker has a moment to name a container that is new.
        """
        path = kill["cgroup"]
        if path is None:
            return Judgement(is_own=True, place=_nowhere())
        within = oom_cgroup.inside(path, self._view.root, self._view.container)
        held = oom_cgroup.holder(path if within is None else within)
        container = self._containers.find(held.container) if held.container else None
        settled = held.container is None or self._is_settled(held.container, age)
        place = self._place(path, held, container)
        if within is None and not container and not self._has(held.alloc):
            return Judgement(False if settled else None, place)
        return Judgement(True if settled else None, place)

    def is_elsewhere(self, kill: Kill) -> bool:
        """Tell whether an exact counter of this node cannot have counted this kill."""
        if self._view.root == "/" or self._view.is_shared or kill["cgroup"] is None:
            return False
        if self._view.root is None and self._view.container is None:
            return False
        return oom_cgroup.inside(kill["cgroup"], self._view.root, self._view.container) is None

    def is_ignored(self, place: Place) -> bool:
        """Tell whether the configuration asks for silence about this place."""
        names = [value for value in place.values() if value]
        patterns = self._settings["ignore"]
        return any(fnmatchcase(name, pattern) for name in names for pattern in patterns)

    def _is_settled(self, container: str, age: float) -> bool:
        if not self._containers.can_learn or age >= self._settings["attribute_within"]:
            return True
        known = self._containers.find(container) is not None
        return self._containers.is_settled(container) and (known or age >= MOMENT)

    def _has(self, alloc: str | None) -> bool:
        return bool(alloc) and oom_nomad.has_allocation(self._settings["allocations"], str(alloc))

    def _place(
        self, path: str, held: oom_cgroup.Holder, container: dict[str, str | None] | None
    ) -> Place:
        known = container or {}
        alloc = held.alloc or known.get("alloc")
        task = self._tasks.find(alloc)
        name = known.get("name") or (held.container and held.container[:12])
        return {
            "place": alloc or name or held.unit or path[:LONGEST],
            "alloc": alloc,
            "job": known.get("job") or task.get("job"),
            "group": known.get("group") or task.get("group"),
            "task": known.get("task") or held.task,
            "namespace": known.get("namespace") or task.get("namespace"),
            "unit": held.unit,
            "container": name,
            "container_id": held.container,
            "cgroup": path[:LONGEST],
        }


def _nowhere() -> Place:
    fields = ("alloc", "job", "group", "task", "namespace", "unit", "container", "container_id")
    return {"place": "unknown", **dict.fromkeys(fields), "cgroup": None}
