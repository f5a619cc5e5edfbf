"""What Nomad's plan says of a job, as changes by field."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from saltext.eos.utils import answers
from saltext.eos.utils.nomad_hidden import hidden

Changes = dict[str, dict[str, Any]]
UNPLACED = "what Nomad says of what has no place"


def changes(diff: dict[str, Any]) -> Changes:
    """
    Give what a plan names, by path: ``TaskGroups.web.Tasks.web.Config.image``.

    A plan may say ``Edited`` and name nothing, as for each job with ``scaling``: Nomad counts what
    it wrote itself. Only what is named is a change.
    """
    found = _of(diff, "")
    for group in _touched(diff.get("TaskGroups")):
        where = f"TaskGroups.{group['Name']}."
        found |= _of(group, where)
        for task in _touched(group.get("Tasks")):
            found |= _of(task, f"{where}Tasks.{task['Name']}.")
    return found


def _of(node: dict[str, Any], where: str, inside: str = "") -> Changes:
    """
    Give what a part of a plan names.

    :param where: the group and the task that it is of.
    :param inside: where in them it is; this alone says what must not be shown.
    """
    found = {}
    for field in _touched(node.get("Fields"), "Old", "New"):
        path = f"{inside}{field['Name']}"
        old = None if field["Type"] == "Added" else field["Old"]
        new = None if field["Type"] == "Deleted" else field["New"]
        found[f"{where}{path}"] = {"old": hidden(path, old), "new": hidden(path, new)}
    seen: Counter[str] = Counter()
    # Nomad gives those of one name in no order, and another one in each plan.
    objects = sorted(_touched(node.get("Objects")), key=lambda one: json.dumps(one, sort_keys=True))
    for one in objects:
        seen[one["Name"]] += 1
        count = seen[one["Name"]]
        nth = "" if count == 1 else f"#{count}"
        found |= _of(one, where, f"{inside}{one['Name']}{nth}.")
    return found


def _touched(items: Any, *keys: str) -> list[dict[str, Any]]:
    found = answers.listing(items or [], "Nomad's plan of a job", "Type", "Name", *keys)
    return [item for item in found if item["Type"] != "None"]


def unplaced(failed: dict[str, Any] | None) -> str:
    """
    Say why the scheduler placed nothing, group by group; empty when it placed everything.

    :param failed: ``FailedTGAllocs`` of a plan or an evaluation.
    """
    groups = answers.mapping(failed or {}, UNPLACED)
    return "; ".join(
        f"group {name} has no place: {', '.join(_why(metric)) or 'Nomad does not say why'}"
        for name, metric in sorted(groups.items())
    )


def _why(said: Any) -> list[str]:
    metric = answers.mapping(said, UNPLACED)
    why = []
    if not metric.get("NodesEvaluated"):
        nodes = answers.mapping(metric.get("NodesAvailable") or {}, UNPLACED)
        where = ", ".join(sorted(nodes)) or "its datacenters"
        why.append(f"no node of {where} and its pool is ready and eligible")
    for constraint, nodes in _counts(metric, "ConstraintFiltered"):
        why.append(f"constraint {constraint!r} excludes {_nodes(nodes)}")
    for kind, nodes in _counts(metric, "DimensionExhausted"):
        why.append(f"{kind} is exhausted on {_nodes(nodes)}")
    why += [f"quota {one} is exhausted" for one in _texts(metric.get("QuotaExhausted"))]
    return why


def _texts(found: Any) -> list[str]:
    return [str(one) for one in found] if isinstance(found, list) else []


def _counts(metric: dict[str, Any], name: str) -> list[tuple[str, Any]]:
    return sorted(answers.mapping(metric.get(name) or {}, UNPLACED).items())


def _nodes(count: int) -> str:
    return "1 node" if count == 1 else f"{count} nodes"
