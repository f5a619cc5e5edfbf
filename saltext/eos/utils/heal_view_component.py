"""What the healer may know of a component of a node, and of which class things are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from saltext.eos.utils import app_database, canary, dropin, heal_match
from saltext.eos.utils.budget import OOM_SCORE
from saltext.eos.utils.heal_snapshot_shape import Snapshot
from saltext.eos.utils.heal_state import Thing

CLASSES = {score: name for name, score in OOM_SCORE.items()}
# What every component stands on, and is none itself.
BELOW = ("salt-master.service", "salt-minion.service", "containerd.service")
TAKEN_AWAY = ("inactive", "masked", "not-found")
GATES = {"passed": False, "waiting": True, "failed": True}


def thing(
    name: str | None, node: Any, unit: Any, snapshot: Snapshot, form: Mapping[str, Any]
) -> Thing:
    """
    Give what is known of a component on a node: its gate says whether something is wrong.

    :param unit: the unit that failed; None where the incident is about none.
    """
    wrong = GATES.get(snapshot.gates.get((str(name), str(node)), ""))
    layer = None if wrong is None else "settled"
    state = snapshot.units.get((str(unit), str(node)), "")
    if state == "failed":
        wrong, layer = True, "failed"
    elif state in TAKEN_AWAY:
        # Somebody stopped it: a unit that failed says so until it is started or reset by hand.
        wrong, layer = False, "settled"
    elif state == "unsteady":
        # Up for a moment, once more: that its gate passes now says nothing of the next moment.
        wrong, layer = True, "progress"
    elif state == "young":
        wrong, layer = (False, "settled") if wrong is False else (None, "progress")
    elif unit is not None and not state:
        wrong, layer = None, None
    elif state in ("activating", "reloading", "deactivating"):
        layer = "progress"
    return Thing(wrong=wrong, layer=layer, input=component_input(form, name, node))


def sealed(node: Any, snapshot: Snapshot, form: Mapping[str, Any]) -> Thing:
    """Give what is known of the seal of the Vault of a node."""
    wrong = snapshot.seal.get(str(node))
    layer = None if wrong is None else "settled"
    return Thing(wrong=wrong, layer=layer, input=component_input(form, "vault", node))


def component_input(form: Mapping[str, Any], name: Any, node: Any) -> str | None:
    """Give the hash of a component's compiled part on a node; None where it does not run."""
    part = _parts(form, node).get(name)
    return None if part is None else heal_match.digest(name, node, part)


def units(form: Mapping[str, Any], name: Any, node: Any) -> list[str]:
    """List the units of a component on a node."""
    part = _parts(form, node).get(name)
    return [] if part is None else units_of(part)


def owners(form: Mapping[str, Any], unit: str, node: Any) -> set[str]:
    """Give the components on a node whose unit this is; several may share one."""
    return {name for name, part in _parts(form, node).items() if unit in units_of(part)}


def units_of(part: Mapping[str, Any]) -> list[str]:
    """List the units of a component's compiled part."""
    every = [part, *(part.get("each") or {}).values()]
    return [str(one["unit"]) for one in every if one.get("unit")]


def kind(
    leaves: Mapping[str, Any], form: Mapping[str, Any], *, is_deed: bool = False
) -> str | None:
    """
    Give the class of what an incident is about: of its job, else of its unit.

    What nobody has declared is a leaf for a note, and unknown for a deed: a note changes nothing.
    """
    others = None if is_deed else "leaf"
    if leaves.get("job"):
        return _class_of_job(leaves, form) or others
    node = leaves.get("minion") or leaves.get("node")
    if leaves.get("unit") and _parts(form, node):
        return _class_of_unit(str(leaves["unit"]), node, form) or others
    return None


def app_of(
    form: Mapping[str, Any], namespace: Any, job: Any
) -> tuple[str, Mapping[str, Any]] | None:
    """Give the resource and the compiled form of the application that a job of Eos belongs to."""
    for part in (form.get("all") or {}).values():
        each = ((part.get("components") or {}).get("app") or {}).get("each") or {}
        for name, one in each.items():
            jobs = {name: "application", app_database.job_name(name): "database"}
            values = one.get("values") or {}
            if job not in jobs or values.get("namespace") != namespace:
                continue
            if job == name or values.get("database"):
                return jobs[job], one
    return None


def _class_of_job(leaves: Mapping[str, Any], form: Mapping[str, Any]) -> str | None:
    found = app_of(form, leaves.get("namespace"), leaves["job"])
    if found is not None:
        return "data" if found[0] == "database" else "leaf"
    is_canary = leaves["job"] == canary.NAME and leaves.get("namespace") == "default"
    return "leaf" if is_canary else None


def _class_of_unit(unit: str, node: Any, form: Mapping[str, Any]) -> str | None:
    if unit in BELOW:
        return "core"
    if unit.endswith(".scope"):
        # Somebody's container or task: services of components are never scopes.
        return "leaf"
    found = {_class_in(part, unit) for part in _parts(form, node).values()} - {None}
    # Where several share a unit, the one that most stand on counts.
    return min(found, key=lambda one: OOM_SCORE[one or ""]) if found else None


def _class_in(part: Mapping[str, Any], unit: str) -> str | None:
    """Give the class that the compiled drop-in of a unit tells by its kill order."""
    if part.get("unit") != unit:
        return None
    file = (part.get("files") or {}).get(dropin.path(unit)) or {}
    service = (file.get("data") or {}).get("Service") or {}
    score: Any = service.get("OOMScoreAdjust")
    return CLASSES.get(score)


def _parts(form: Mapping[str, Any], node: Any) -> Mapping[str, Mapping[str, Any]]:
    return ((form.get("all") or {}).get(node) or {}).get("components") or {}
