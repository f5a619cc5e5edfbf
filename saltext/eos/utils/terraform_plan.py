"""What a saved plan would do, as the changes of a Salt state: no secret, no noise."""

from __future__ import annotations

import json
from typing import Any

from saltext.eos.utils.state import HIDDEN

_JOB_TEXT = "jobspec"


def changes(plan: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """
    Give ``{address: {"old": …, "new": …}}`` of every resource that the plan touches.

    :param plan: the output of ``tofu show -json`` of a saved plan, parsed.
    """
    found = {}
    for resource in plan.get("resource_changes", ()):
        change = resource["change"]
        actions = change["actions"]
        if actions in (["no-op"], ["read"]):
            continue
        before = _seen(change.get("before"), change.get("before_sensitive"))
        after = _seen(change.get("after"), change.get("after_sensitive"))
        if before is None or after is None:
            found[resource["address"]] = {"old": _short(before), "new": _short(after)}
            continue
        old, new = {}, {}
        for key in sorted({*before, *after}):
            if before.get(key) != after.get(key) and (key in after or key not in _unknown(change)):
                old[key], new[key] = before.get(key), after.get(key)
        if "delete" in actions:
            new["replaced"] = True
        found[resource["address"]] = {"old": old, "new": new or {"written": True}}
    return found


def destroyed(plan: dict[str, Any]) -> list[str]:
    """List the addresses that the plan deletes or replaces."""
    return sorted(
        resource["address"]
        for resource in plan.get("resource_changes", ())
        if "delete" in resource["change"]["actions"]
    )


def _unknown(change: dict[str, Any]) -> dict[str, Any]:
    found = change.get("after_unknown")
    return found if isinstance(found, dict) else {}


def _seen(values: Any, sensitive: Any) -> dict[str, Any] | None:
    """Give what people may see, jobs opened into their fields."""
    if not isinstance(values, dict):
        return None
    secret = sensitive if isinstance(sensitive, dict) else {}
    seen: dict[str, Any] = {}
    for key, value in values.items():
        if sensitive is True or secret.get(key):
            seen[key] = HIDDEN
        elif key == _JOB_TEXT and isinstance(value, str):
            seen |= {f"job.{path}": item for path, item in _flat(_parsed(value))}
        elif value is not None:
            seen[key] = value
    return seen


def _short(seen: dict[str, Any] | None) -> dict[str, Any] | None:
    """Of a whole new or gone resource, say what names it."""
    if seen is None:
        return None
    names = ("name", "namespace", "job.ID", "job.Namespace", "job.UI.Description")
    return {key: seen[key] for key in names if key in seen}


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _flat(value: Any, path: str = "") -> list[tuple[str, Any]]:
    pairs: list[tuple[str, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = [(str(index), item) for index, item in enumerate(value)]
    else:
        return [(path, value)]
    for key, item in items:
        pairs += _flat(item, f"{path}.{key}" if path else key)
    return pairs
