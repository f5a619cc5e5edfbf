"""What generated SLS files call: values out of ``eos:_compiled``, and a chain without gaps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from saltext.eos.utils.mask import plain
from saltext.eos.version import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterable

REQUISITES = ("require", "watch", "onchanges", "require_any", "onchanges_any", "watch_any")


class _Absent:
    """This node has no such thing; the state that uses it is left out."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = _Absent()


class Component:
    """
    One component on this node, or one application of an ``each`` component.

    :param name: the component, or the application.
    :param form: its compiled form; ``None`` when it is not here.
    """

    def __init__(self, name: str, form: dict[str, Any] | None) -> None:
        self.name = name
        self._form = form

    @property
    def packages(self) -> Any:
        """Packages to install, or ``ABSENT``."""
        return (self._form or {}).get("packages") or ABSENT

    @property
    def sans(self) -> Any:
        """Names and addresses of its certificate, or ``ABSENT``."""
        identity = (self._form or {}).get("identity")
        return identity["sans"] if identity else ABSENT

    @property
    def gate(self) -> Any:
        """Its compiled gate, or ``ABSENT``; one whose specification is held is not waited for."""
        if (self._form or {}).get("held"):
            return ABSENT
        return (self._form or {}).get("gate") or ABSENT

    def data(self, path: str) -> Any:
        """Data of one of its files, or ``ABSENT`` when this node does not have that file."""
        file = (self._form or {}).get("files", {}).get(path)
        return ABSENT if file is None else file["data"]

    def arguments(self, state_id: str) -> list[Any]:
        """Arguments of one of its states; ``[ABSENT]`` when this node leaves the state out."""
        states = (self._form or {}).get("states", {})
        if state_id not in states:
            return [ABSENT]
        return [{name: value} for name, value in states[state_id].items()]

    def keep(self, states: dict[str, Any]) -> dict[str, Any]:
        """Leave out what this node does not have; without the component, keep only the guard."""
        if self._form is None:
            guard = next(iter(states))
            return {guard: states[guard]}
        return keep(states)


class Stack:
    """The whole stack as ``<id>_master`` sees it; empty when that pillar has none."""

    def __init__(self, form: dict[str, Any] | None) -> None:
        plan = (form or {}).get("plan")
        self._nodes_of: dict[str, list[str]] = plan["nodes_of"] if plan else {}
        self._complete = plan is not None
        self.apps: list[str] = sorted(plan["apps"]) if plan else []
        self.several = len((form or {}).get("nodes", {})) > 1

    def nodes(self, component: str) -> list[str]:
        """List the nodes that run a component."""
        return sorted(self._nodes_of.get(component, ()))

    def steps(self, component: str, label: str | None = None) -> list[dict[str, str]]:
        """
        List the steps of a component, for ``require``.

        :param label: given for a component that exists once per application: one step per
            application and node, named ``<label> <application> on <node>``.
        """
        if label is None:
            return [{"salt": f"{component} on {node}"} for node in self.nodes(component)]
        return [
            {"salt": f"{label} {app} on {node}"}
            for app in self.apps
            for node in self.nodes(component)
        ]

    def keep(self, states: dict[str, Any]) -> dict[str, Any]:
        """Clean the steps; without the stack's plan keep only the guard, which then fails."""
        if not self._complete:
            guard = next(iter(states))
            return {guard: states[guard]}
        return keep(states)


def component(pillar: Any, name: str) -> Component:
    """Give a component of this node; an empty one when it, or the compiled form, is missing."""
    return Component(name, _components(pillar).get(name))


def each(pillar: Any, name: str) -> list[Component]:
    """
    List the applications of an ``each`` component on this node, by name.

    Pillar ``eos_each`` narrows it to one: an orchestration applies them one by one.
    """
    entries = (_components(pillar).get(name) or {}).get("each") or {}
    only = pillar.get("eos_each") if isinstance(pillar, Mapping) else None
    names = [app for app in sorted(entries) if only in (None, app)]
    return [Component(app, entries[app]) for app in names]


def here(pillar: Any, names: Iterable[str]) -> list[str]:
    """List those of ``names`` that this node runs, in the given order."""
    known = _components(pillar)
    return [name for name in names if name in known]


def objects(pillar: Any) -> list[dict[str, Any]]:
    """List the objects of the pillar: id, function and arguments of a state, in their order."""
    return (_form(pillar) or {}).get("objects", [])


def stack(pillar: Any) -> Stack:
    """Give the stack of an orchestration."""
    return Stack(_form(pillar))


def keep(states: dict[str, Any]) -> dict[str, Any]:
    """
    Leave out every state that has ``ABSENT`` among its arguments, and close the gaps.

    Who required a left-out state requires what that one required; who watched it watches one
    state less. A state whose every ``onchanges`` was left out is left out as well.
    """
    dropped: dict[tuple[str, str], list[dict[str, str]]] = {}
    kept: dict[str, Any] = {}
    for state_id, body in states.items():
        clean: dict[str, Any] = {}
        for function, arguments in body.items():
            module = function.partition(".")[0]
            closed = [_closed(item, dropped) for item in arguments]
            lost = any(old != new and "onchanges" in old and not new["onchanges"]
                       for old, new in zip(arguments, closed, strict=True)
                       if isinstance(old, dict))  # fmt: skip
            if lost or any(_absent(item) for item in arguments):
                dropped[(module, state_id)] = _requires(closed)
            else:
                clean[function] = [item for item in closed if not _empty(item)]
        if clean:
            kept[state_id] = clean
    return kept


def _absent(item: Any) -> bool:
    return item is ABSENT or (isinstance(item, dict) and any(v is ABSENT for v in item.values()))


def _empty(item: Any) -> bool:
    return isinstance(item, dict) and any(k in REQUISITES and v == [] for k, v in item.items())


def _requires(arguments: list[Any]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for item in arguments:
        if isinstance(item, dict):
            found += [one for one in item.get("require", ()) if one not in found]
    return found


def _closed(item: Any, dropped: dict[tuple[str, str], list[dict[str, str]]]) -> Any:
    """Replace requisites on left-out states by what those required; never the same twice."""
    if not isinstance(item, dict):
        return item
    closed = {}
    for key, value in item.items():
        if key not in REQUISITES or not isinstance(value, list):
            closed[key] = value
            continue
        found: list[Any] = []
        for requisite in value:
            name = next(iter(requisite.items())) if isinstance(requisite, dict) else None
            bridged = dropped.get(name) if name else None
            if bridged is None:
                bridged = [requisite]
            elif not key.startswith("require"):
                bridged = []
            found += [one for one in bridged if one not in found]
        closed[key] = found
    return closed


def _form(pillar: Any) -> dict[str, Any] | None:
    eos = pillar.get("eos") if isinstance(pillar, Mapping) else None
    form = eos.get("_compiled") if isinstance(eos, Mapping) else None
    if not isinstance(form, Mapping) or form.get("schema") != SCHEMA:
        return None
    return plain(form)


def _components(pillar: Any) -> dict[str, Any]:
    return (_form(pillar) or {}).get("components", {})
