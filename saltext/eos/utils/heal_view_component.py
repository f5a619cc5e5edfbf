"""What the healer may know of a component of a node, and of which class things are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from saltext.eos.utils import app_database, canary, dropin, heal_match
from saltext.eos.utils.budget import OOM_SCORE
from saltext.eos.utils.heal_state import Thing

if TYPE_CHECKING:
    from saltext.eos.utils.heal_view import Snapshot

CLASSES = {score: name for name, score in OOM_SCORE.items()}
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
    elif state == "inactive":
        # Somebody stopped it: a unit that failed says so until it is started or reset by hand.
        wrong, layer = False, "settled"
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


def kind(leaves: Mapping[str, Any], form: Mapping[str, Any]) -> str | None:
    """Give the class of what an incident is about: of its job, else of its unit."""
    if leaves.get("job"):
        return _class_of_job(leaves, form)
    if leaves.get("unit"):
        return _class_of_unit(leaves, form)
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


def _class_of_unit(leaves: Mapping[str, Any], form: Mapping[str, Any]) -> str | None:
    unit = str(leaves["unit"])
    if unit.endswith(".scope"):
        # Somebody's container or task: services of components are never scopes.
        return "leaf"
    node = leaves.get("minion") or leaves.get("node")
    found = {_class_in(part, unit) for part in _parts(form, node).values()} - {None}
    return found.pop() if len(found) == 1 else None


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
