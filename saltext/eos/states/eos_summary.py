"""The last step of an orchestration: one readable summary of what changed, or would."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saltext.eos.utils import mask, state
from saltext.eos.utils.announce import announce

if TYPE_CHECKING:
    __opts__: dict[str, Any]
    __pillar__: dict[str, Any]
    __running__: dict[str, Any]

__virtualname__ = "eos_summary"

NOT_REACHED = "One or more requisite failed"


def __virtual__():
    return __virtualname__


def told(name):
    """
    Sum up every step of this run in one comment; it changes nothing and never fails.

    .. code-block:: yaml

        summary:
          eos_summary.told:
            - name: bootstrap
            - order: last

    name
        The plan.
    """
    lines: list[str] = []
    failures: list[str] = []
    count = skipped = 0
    # Salt hands the results over in containers of its own, which are no dictionaries.
    running = mask.plain(__running__)
    for result in sorted(running.values(), key=lambda item: item.get("__run_num__", 0)):
        step = str(result.get("__id__"))
        found = _changed(result)
        count += len(found)
        lines += [f"{step}: {what}" for what in found]
        if result.get("result") is False:
            if str(result.get("comment")).startswith(NOT_REACHED):
                skipped += 1
            else:
                failures += [f"failed: {step}: {why}" for why in _reasons(result)]
    verb = "would change" if __opts__["test"] else "changed"
    said = f"{name}: {count or 'nothing'} {verb}"
    if skipped:
        said += f"; steps not reached: {skipped}"
    facts = {"changes": count, "failures": failures, "skipped": skipped, "test": __opts__["test"]}
    announce(__opts__, f"{name}/finished", facts)
    return state.result(name, True, "\n".join([f"{said}.", *failures, *_held(), *lines]))


def _held() -> list[str]:
    """List the applications that were left alone, because their specification has failed."""
    form = (mask.plain(__pillar__).get("eos") or {}).get("_compiled") or {}
    entries = [
        entry
        for node in (form.get("all") or {}).values()
        for entry in ((node["components"].get("app") or {}).get("each") or {}).values()
    ]
    return sorted({str(entry["held"]) for entry in entries if entry.get("held")})


def _inner(result: dict[str, Any]) -> list[dict[str, Any]]:
    """List the states that a step ran on its minions."""
    changes = result.get("changes") or {}
    minions = changes.get("ret") if isinstance(changes, dict) else None
    if not isinstance(minions, dict):
        return []
    return [
        one
        for states in minions.values()
        if isinstance(states, dict)
        for one in states.values()
        if isinstance(one, dict)
    ]


def _changed(result: dict[str, Any]) -> list[str]:
    """List the changed things of a step; the states of each minion where it ran some."""
    changes = result.get("changes") or {}
    if "ret" not in changes:
        return sorted(map(str, changes))
    return [_title(one) for one in _inner(result) if one.get("changes")]


def _reasons(result: dict[str, Any]) -> list[str]:
    """Say why a step failed: its first failing state's own words, else its own."""
    inside = [
        f"{_title(one)}: {one.get('comment')}"
        for one in _inner(result)
        if one.get("result") is False and not str(one.get("comment")).startswith(NOT_REACHED)
    ]
    return inside or [str(result.get("comment"))]


def _title(one: dict[str, Any]) -> str:
    return str(one.get("__id__") or one.get("name"))
