"""
What Nomad's plan passes over: changes of a few blocks that it registers, but does not name.

Seen by changing each value of a job that has everything, and in the source of 1.11.3: its
comparison knows no ``spread``, no ``lifecycle``, no ``csi_plugin``, ``restart`` of groups only, no
``stagger``, of a ``device`` neither ``constraint`` nor ``affinity``, and of a ``sidecar_service``
neither its tags nor the ``config`` of its upstreams.
"""

from __future__ import annotations

from typing import Any

from saltext.eos.utils import diff
from saltext.eos.utils.state import HIDDEN

Changes = dict[str, dict[str, Any]]
PLUGIN = {"MountDir": "/csi", "StagePublishBaseDir": "/local/csi", "HealthTimeout": 30 * 10**9}
RESTART = ("Attempts", "Interval", "Delay", "Mode", "RenderTemplates")
SPANS = ("Interval", "Delay", "HealthTimeout", "Stagger")
_NOTHING: tuple[Any, ...] = (None, "", 0, [], {})
STAGGER = 30 * 10**9


def changes(known: dict[str, Any] | None, wanted: dict[str, Any]) -> Changes:
    """
    Give what differs in these blocks between a job as it is and as it shall be.

    Groups and tasks that come or go are named by the plan itself.
    """
    if known is None:
        return {}
    found = _one("Spreads", _spreads(known), _spreads(wanted))
    found |= _stagger("", known, wanted)
    for its, group, name in _pairs(known, wanted, "TaskGroups"):
        where = f"TaskGroups.{name}."
        found |= _one(f"{where}Spreads", _spreads(its), _spreads(group))
        found |= _stagger(where, its, group, wanted)
        for old, service, service_name in _pairs(its, group, "Services"):
            found |= _sidecar(f"{where}Services.{service_name}.", old, service)
        inherited = {**_block(its, "RestartPolicy"), **_stated(group)}
        for old, task, task_name in _pairs(its, group, "Tasks"):
            inner = f"{where}Tasks.{task_name}."
            found |= _one(f"{inner}Lifecycle", _lifecycle(old), _lifecycle(task))
            found |= _one(f"{inner}CSIPluginConfig", _plugin(old), _plugin(task))
            found |= _devices(f"{inner}Resources.", old, task)
            found |= _restart(inner, _block(old, "RestartPolicy"), {**inherited, **_stated(task)})
    return found


def forgotten(known: Any, wanted: Any, path: str = "") -> list[str]:
    """
    Name what is wanted, and nowhere in the job that is registered as wanted.

    Nomad takes a name that it does not know, such as a misspelt one, in silence. What a job leaves
    to its author, such as its environment, has every name.
    """
    if isinstance(known, list) and isinstance(wanted, list):
        return [
            name
            for number, (one, its) in enumerate(zip(wanted, _matched(known, wanted), strict=True))
            for name in forgotten(its, one, f"{path}[{number}]")
        ]
    if not isinstance(known, dict) or not isinstance(wanted, dict):
        return []
    names = {str(name).lower() for name in known}
    found = []
    for name, value in wanted.items():
        where = f"{path}.{name}" if path else str(name)
        if str(name).lower() in names:
            found += forgotten(_of(known, str(name)), value, where)
        elif value not in _NOTHING:
            found.append(where)
    return found


def _matched(known: list[Any], wanted: list[Any]) -> list[Any]:
    """Give for each that is wanted what is there: by its name, or its place if it has none."""
    its = _by_name(known, "Name")
    places = [*known, *[None] * len(wanted)]
    return [
        its[name].pop(0) if its.get(name := _name_of(one, "Name")) else place
        for one, place in zip(wanted, places, strict=False)
    ]


def _stagger(where: str, known: dict[str, Any], *wanted: dict[str, Any]) -> Changes:
    """Compare what paces updates: what a group does not say it has of its job."""
    old = _of(_block(known, "Update"), "Stagger")
    said = [_span("Stagger", _of(_block(one, "Update"), "Stagger")) for one in wanted]
    new = next((one for one in said if one is not None), STAGGER)
    return _one(f"{where}Update.Stagger", old, new) if old else {}


def _sidecar(where: str, known: dict[str, Any], wanted: dict[str, Any]) -> Changes:
    inner = f"{where}Connect.SidecarService."
    its, new = (_block(_block(one, "Connect"), "SidecarService") for one in (known, wanted))
    if not its or not new:
        return {}
    found = _one(f"{inner}Tags", _of(its, "Tags") or None, _of(new, "Tags") or None)
    both = (_block(its, "Proxy"), _block(new, "Proxy"))
    for old, upstream, name in _pairs(*both, "Upstreams", by="DestinationName"):
        path = f"{inner}Proxy.Upstreams.{name}.Config"
        changed = _one(path, _block(old, "Config"), _block(upstream, "Config"))
        found |= {one: {"old": HIDDEN, "new": HIDDEN} for one in changed}
    return found


def _devices(where: str, known: dict[str, Any], wanted: dict[str, Any]) -> Changes:
    found: Changes = {}
    both = (_block(known, "Resources"), _block(wanted, "Resources"))
    for old, device, name in _pairs(*both, "Devices"):
        for rule in ("Constraints", "Affinities"):
            path = f"{where}Devices.{name}.{rule}"
            found |= _one(path, _rules(old, rule), _rules(device, rule))
    return found


def _rules(device: dict[str, Any], name: str) -> list[dict[str, Any]] | None:
    """Give what a device must be or should be, as Nomad keeps it; ``None`` without any."""
    weight = {"Weight": 50} if name == "Affinities" else {}
    keys = ("LTarget", "RTarget", "Operand", *weight)
    found = [
        {key: weight.get(key) if _of(one, key) is None else _of(one, key) for key in keys}
        for one in _list(device, name)
    ]
    return found or None


def _restart(where: str, known: dict[str, Any], wanted: dict[str, Any]) -> Changes:
    found: Changes = {}
    for name in RESTART:
        if name in known and name in wanted:
            found |= _one(f"{where}RestartPolicy.{name}", known[name], wanted[name])
    return found


def _one(name: str, old: Any, new: Any) -> Changes:
    return {} if old == new else {name: {"old": old, "new": new}}


def _pairs(
    known: dict[str, Any], wanted: dict[str, Any], name: str, by: str = "Name"
) -> list[tuple[dict[str, Any], dict[str, Any], str]]:
    """Pair what both have, by name; of several with one name the first with the first."""
    its = _by_name(_list(known, name), by)
    return [
        (its[key].pop(0), one, key)
        for one in _list(wanted, name)
        if its.get(key := _name_of(one, by))
    ]


def _by_name(nodes: list[Any], by: str) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for one in nodes:
        if name := _name_of(one, by):
            found.setdefault(name, []).append(one)
    return found


def _name_of(one: Any, by: str) -> str:
    return str(_of(one, by) or "") if isinstance(one, dict) else ""


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
