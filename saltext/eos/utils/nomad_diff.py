"""What Nomad's plan says of a job, as changes by field."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from saltext.eos.utils.state import HIDDEN

Changes = dict[str, dict[str, Any]]
_SECRET = re.compile(r"(?i)passw|secret|token|credential|private.?key|api.?key")
_LOGIN = re.compile(r"(?<=://)[^/@\s:]*:[^/@\s]+(?=@)")


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


def _of(node: dict[str, Any], where: str) -> Changes:
    found = {}
    for field in _touched(node.get("Fields")):
        name = f"{where}{field['Name']}"
        old = None if field["Type"] == "Added" else field["Old"]
        new = None if field["Type"] == "Deleted" else field["New"]
        found[name] = {"old": hidden(field["Name"], old), "new": hidden(field["Name"], new)}
    seen: Counter[str] = Counter()
    for one in _touched(node.get("Objects")):
        seen[one["Name"]] += 1
        count = seen[one["Name"]]
        nth = "" if count == 1 else f"#{count}"
        found |= _of(one, f"{where}{one['Name']}{nth}.")
    return found


def hidden(name: str, value: Any) -> Any:
    """Hide a value whose name says that it is a secret, and a password inside an address."""
    if not isinstance(value, str) or value == "":
        return value
    return HIDDEN if _SECRET.search(name) else _LOGIN.sub(HIDDEN, value)


def shown(value: Any, name: str = "") -> Any:
    """Give a job as Nomad has it, with what its names call a secret hidden."""
    if isinstance(value, dict):
        return {key: shown(one, key) for key, one in value.items()}
    if isinstance(value, list):
        return [shown(one, name) for one in value]
    return hidden(name, value)


def _touched(items: Any) -> list[dict[str, Any]]:
    return [item for item in items or () if item["Type"] != "None"]


def unplaced(failed: dict[str, Any] | None) -> str:
    """
    Say why the scheduler placed nothing, group by group; empty when it placed everything.

    :param failed: ``FailedTGAllocs`` of a plan or an evaluation.
    """
    return "; ".join(
        f"group {name} has no place: {', '.join(_why(metric)) or 'Nomad does not say why'}"
        for name, metric in sorted((failed or {}).items())
    )


def _why(metric: dict[str, Any]) -> list[str]:
    why = []
    if not metric.get("NodesEvaluated"):
        where = ", ".join(sorted(metric.get("NodesAvailable") or {})) or "its datacenters"
        why.append(f"no node of {where} and its pool is ready and eligible")
    for constraint, nodes in sorted((metric.get("ConstraintFiltered") or {}).items()):
        why.append(f"constraint {constraint!r} excludes {_nodes(nodes)}")
    for kind, nodes in sorted((metric.get("DimensionExhausted") or {}).items()):
        why.append(f"{kind} is exhausted on {_nodes(nodes)}")
    why += [f"quota {one} is exhausted" for one in metric.get("QuotaExhausted") or ()]
    return why


def _nodes(count: int) -> str:
    return "1 node" if count == 1 else f"{count} nodes"
