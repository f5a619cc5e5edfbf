"""
What Nomad's plan passes over: changes of a few blocks that it registers, but does not name.

Seen in the source of 1.11.3: its comparison knows no ``spread``, no ``lifecycle``, no
``csi_plugin``, and ``restart`` of groups only.
"""

from __future__ import annotations

from typing import Any

from saltext.eos.utils import diff

Changes = dict[str, dict[str, Any]]
PLUGIN = {"MountDir": "/csi", "StagePublishBaseDir": "/local/csi", "HealthTimeout": 30 * 10**9}
RESTART = ("Attempts", "Interval", "Delay", "Mode", "RenderTemplates")
SPANS = ("Interval", "Delay", "HealthTimeout")


def changes(known: dict[str, Any] | None, wanted: dict[str, Any]) -> Changes:
    """
    Give what differs in these blocks between a job as it is and as it shall be.

    Groups and tasks that come or go are named by the plan itself.
    """
    if known is None:
        return {}
    found = _one("Spreads", _spreads(known), _spreads(wanted))
    for its, group, name in _pairs(known, wanted, "TaskGroups"):
        where = f"TaskGroups.{name}."
        found |= _one(f"{where}Spreads", _spreads(its), _spreads(group))
        inherited = {**_block(its, "RestartPolicy"), **_stated(group)}
        for old, task, task_name in _pairs(its, group, "Tasks"):
            inner = f"{where}Tasks.{task_name}."
            found |= _one(f"{inner}Lifecycle", _lifecycle(old), _lifecycle(task))
            found |= _one(f"{inner}CSIPluginConfig", _plugin(old), _plugin(task))
            found |= _restart(inner, _block(old, "RestartPolicy"), {**inherited, **_stated(task)})
    return found


def _restart(where: str, known: dict[str, Any], wanted: dict[str, Any]) -> Changes:
    found: Changes = {}
    for name in RESTART:
        if name in known and name in wanted:
            found |= _one(f"{where}RestartPolicy.{name}", known[name], wanted[name])
    return found


def _one(name: str, old: Any, new: Any) -> Changes:
    return {} if old == new else {name: {"old": old, "new": new}}


def _pairs(
    known: dict[str, Any], wanted: dict[str, Any], name: str
) -> list[tuple[dict[str, Any], dict[str, Any], str]]:
    """Pair what both have, by name."""
    its = {str(_of(one, "Name")): one for one in _list(known, name)}
    both = [(one, str(_of(one, "Name"))) for one in _list(wanted, name)]
    return [(its[key], one, key) for one, key in both if key in its]


def _spreads(node: dict[str, Any]) -> list[dict[str, Any]] | None:
    """Give the spreads of a job or a group as Nomad keeps them; ``None`` without any."""
    found = [
        {
            "Attribute": _of(one, "Attribute"),
            "Weight": 50 if _of(one, "Weight") is None else _of(one, "Weight"),
            "SpreadTarget": [
                {"Value": _of(target, "Value"), "Percent": _of(target, "Percent") or 0}
                for target in _list(one, "SpreadTarget")
            ],
        }
        for one in _list(node, "Spreads")
    ]
    return found or None


def _lifecycle(task: dict[str, Any]) -> dict[str, Any] | None:
    found = _block(task, "Lifecycle")
    if not found:
        return None
    return {"Hook": _of(found, "Hook"), "Sidecar": bool(_of(found, "Sidecar"))}


def _plugin(task: dict[str, Any]) -> dict[str, Any] | None:
    found = _block(task, "CSIPluginConfig")
    if not found:
        return None
    filled = {name: _span(name, _of(found, name)) or value for name, value in PLUGIN.items()}
    return {"ID": _of(found, "ID"), "Type": _of(found, "Type"), **filled}


def _stated(node: dict[str, Any]) -> dict[str, Any]:
    """Give what a group or a task says of its restarts; the rest it inherits."""
    found = _block(node, "RestartPolicy")
    said = {name: _span(name, _of(found, name)) for name in RESTART}
    return {name: value for name, value in said.items() if value is not None}


def _span(name: str, value: Any) -> Any:
    """Give a span of time in nanoseconds, as Nomad keeps it."""
    if name not in SPANS or not isinstance(value, str):
        return value
    try:
        return diff.nanoseconds(value)
    except ValueError:
        # What is no span is left to Nomad to refuse.
        return None


def _block(node: dict[str, Any], name: str) -> dict[str, Any]:
    found = _of(node, name)
    return found if isinstance(found, dict) else {}


def _list(node: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = _of(node, name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _of(node: dict[str, Any], name: str) -> Any:
    """Take a member as Nomad does, which cares for no upper and lower case in JSON."""
    if name in node:
        return node[name]
    return next((one for key, one in node.items() if str(key).lower() == name.lower()), None)
